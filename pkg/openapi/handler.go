package openapi

import "net/http"

// orNotFound answers 404 if the handler writes nothing. The handler of the
// library writes nothing if it does not have the requested document.
func orNotFound(handler http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := &answered{ResponseWriter: w}
		if handler(answer, r); !answer.yes {
			w.WriteHeader(http.StatusNotFound)
		}
	})
}

// unconditionally answers requests as if they had no condition. The library's list
// of documents has no ETag, and its time counts seconds: a client that asked in the
// second of a change would be told that there is none. In kube-apiserver changes take
// longer than that. The aggregator, if there is one, does the same.
func unconditionally(handler http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("If-Modified-Since")
		handler(w, r)
	})
}

// answered records whether anything was written.
type answered struct {
	http.ResponseWriter
	yes bool
}

// WriteHeader implements http.ResponseWriter.
func (a *answered) WriteHeader(code int) {
	a.yes = true
	a.ResponseWriter.WriteHeader(code)
}

// Write implements http.ResponseWriter.
func (a *answered) Write(data []byte) (int, error) {
	a.yes = true
	return a.ResponseWriter.Write(data)
}
