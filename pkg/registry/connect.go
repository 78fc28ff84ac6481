package registry

import "net/http"

// ProxyMethods returns the methods that a proxy subresource passes on.
func ProxyMethods() []string {
	return []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodHead, http.MethodOptions}
}
