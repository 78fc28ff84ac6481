package server

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestWelcomeBrowsers sends requests to a server that answers everything with
// the same code.
func TestWelcomeBrowsers(t *testing.T) {
	const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	for _, test := range []struct {
		name, method, path, accept, from string
		header                           string // with the value 192.0.2.7
		code                             int
		page, tellsPath                  bool
	}{
		{name: "a browser on this machine", path: "/", accept: browser, from: "127.0.0.1:5000", code: 403, page: true, tellsPath: true},
		{name: "by IPv6", path: "/", accept: browser, from: "[::1]:5000", code: 403, page: true, tellsPath: true},
		{name: "a browser elsewhere", path: "/", accept: browser, from: "192.0.2.7:5000", code: 403, page: true},
		{name: "a browser behind a proxy", path: "/", accept: browser, from: "127.0.0.1:5000", header: "X-Forwarded-For", code: 403, page: true},
		{name: "a browser with rights", path: "/", accept: browser, from: "127.0.0.1:5000", code: 200},
		{name: "a browser whose credentials are refused", path: "/", accept: browser, from: "127.0.0.1:5000", code: 401},
		{name: "another path", path: "/api", accept: browser, from: "127.0.0.1:5000", code: 403},
		{name: "another method", method: "POST", path: "/", accept: browser, from: "127.0.0.1:5000", code: 403},
		{name: "curl", path: "/", accept: "*/*", from: "127.0.0.1:5000", code: 403},
		{name: "client-go", path: "/", accept: "application/json, */*", from: "127.0.0.1:5000", code: 403},
		{name: "no Accept", path: "/", from: "127.0.0.1:5000", code: 403},
		{name: "JSON before HTML", path: "/", accept: "application/json,text/html;q=0.5", from: "127.0.0.1:5000", code: 403},
	} {
		t.Run(test.name, func(t *testing.T) {
			const answer = `{"kind":"Status"}`
			handler := welcomeBrowsers(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(test.code)
				_, _ = io.WriteString(w, answer)
			}), "/data/admin.kubeconfig")
			method := test.method
			if method == "" {
				method = http.MethodGet
			}
			r := httptest.NewRequest(method, test.path, nil)
			r.RemoteAddr = test.from
			if test.accept != "" {
				r.Header.Set("Accept", test.accept)
			}
			if test.header != "" {
				r.Header.Set(test.header, "192.0.2.7")
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			body := w.Body.String()
			if w.Code != test.code || test.page != strings.Contains(body, "<h1>") || test.tellsPath != strings.Contains(body, "/data/admin.kubeconfig") {
				t.Errorf("%d %s", w.Code, body)
			}
			if !test.page && (body != answer || w.Header().Get("Content-Type") != "application/json") {
				t.Errorf("the answer is changed: %v %s", w.Header(), body)
			}
		})
	}
}
