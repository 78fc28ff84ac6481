package aggregator

import (
	"net/http"
	"strings"
)

const (
	apisPrefix   = "/apis/"
	openAPIV3    = "/openapi/v3"
	legacyRoute  = "/v1" // the APIService "v1" of the core group
	legacyPrefix = "/api"
)

// Wrap returns a handler that is to be placed in front of this server's own
// handler, after authentication and authorization. It answers requests for
// remote APIs and for the discovery of groups, and passes all others to next.
func (a *Aggregator) Wrap(next http.Handler) http.Handler {
	a.specs.local = next
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h := a.handler(r.URL.Path); h != nil {
			h.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// handler returns the handler of a path, or nil if this server answers the path
// itself.
func (a *Aggregator) handler(path string) http.Handler {
	routes := *a.routes.Load()
	switch {
	case path == "/apis" || path == apisPrefix:
		if a.completed() {
			return a.apis
		}
	case strings.HasPrefix(path, apisPrefix):
		group, rest, _ := strings.Cut(path[len(apisPrefix):], "/")
		if rest == "" {
			return a.group(group)
		}
		if len(routes) == 0 {
			return nil
		}
		version, _, _ := strings.Cut(rest, "/")
		if p := routes[group+"/"+version]; p != nil {
			return p
		}
	case path == openAPIV3 || strings.HasPrefix(path, openAPIV3+"/"):
		return a.specs.v3Handler(path)
	case len(routes) > 0 && (path == legacyPrefix || strings.HasPrefix(path, legacyPrefix+"/")):
		if p := routes[legacyRoute]; p != nil {
			return p
		}
	}
	return nil
}
