package server

import (
	"fmt"
	"html"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"

	"github.com/munnerz/goautoneg"

	"github.com/gatehouse-k8s/gatehouse/pkg/version"
)

// welcomeBrowsers answers to a browser that may not see / with a small page
// that says what this server is, and where the kubeconfig is. The code remains
// 403. The path of the kubeconfig is for clients of this machine only. All other
// answers remain as they are.
func welcomeBrowsers(handler http.Handler, kubeconfig string) http.Handler {
	if full, err := filepath.Abs(kubeconfig); err == nil {
		kubeconfig = full
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" && (r.Method == http.MethodGet || r.Method == http.MethodHead) && prefersHTML(r) {
			text := "The administrator's kubeconfig is on the machine on which it runs."
			if isLocal(r) {
				text = "The administrator's kubeconfig is <code>" + html.EscapeString(kubeconfig) + "</code>: <code>export KUBECONFIG=" +
					html.EscapeString(kubeconfig) + "</code>"
			}
			w = &landing{ResponseWriter: w, text: text}
		}
		handler.ServeHTTP(w, r)
	})
}

func prefersHTML(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	return accept != "" && goautoneg.Negotiate(accept, []string{"application/json", "text/html"}) == "text/html"
}

// isLocal reports whether a request comes from this machine, and not through a
// proxy that says so.
func isLocal(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil || r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "" {
		return false
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}

// landing replaces the body of an answer with the code 403 by a page.
type landing struct {
	http.ResponseWriter
	text     string
	replaced bool
}

// Unwrap returns the writer that is behind this one.
func (l *landing) Unwrap() http.ResponseWriter { return l.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (l *landing) WriteHeader(code int) {
	if code != http.StatusForbidden || l.replaced {
		l.ResponseWriter.WriteHeader(code)
		return
	}
	l.replaced = true
	header := l.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	header.Del("Content-Length")
	header.Del("Content-Encoding")
	l.ResponseWriter.WriteHeader(code)
	fmt.Fprintf(l.ResponseWriter, page, html.EscapeString(version.Git), l.text)
}

// Write implements http.ResponseWriter. It drops the body that was replaced.
func (l *landing) Write(data []byte) (int, error) {
	if l.replaced {
		return len(data), nil
	}
	return l.ResponseWriter.Write(data)
}

const page = `<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>Gatehouse</title>
<style>body { font-family: sans-serif; max-width: 45em; margin: 3em auto; padding: 0 1em } code { background: #eee; padding: 0.1em 0.3em }</style>
<h1>Gatehouse</h1>
<p>This is a Kubernetes API server, %s. It is for kubectl and other clients with credentials, which this request does not have or which do not suffice.</p>
<p>%s</p>
<p>With it, <code>kubectl get namespaces</code> answers, and so does <code>gatehouse kubectl get namespaces</code>.</p>
</html>
`
