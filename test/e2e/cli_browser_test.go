package e2e

import (
	"strings"
	"testing"

	restclient "k8s.io/client-go/rest"
)

// TestBrowser opens / as a browser does, with and without rights, and as other
// clients.
func TestBrowser(t *testing.T) {
	t.Parallel()
	s := sharedServer(t)
	anonymous := restclient.AnonymousClientConfig(s.Config)
	browser := []string{"Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}

	r := send(t, anonymous, request{path: "/", headers: browser})
	if r.code != 403 || !strings.HasPrefix(r.header.Get("Content-Type"), "text/html") || !strings.Contains(string(r.body), "admin.kubeconfig") {
		t.Errorf("a browser gets %d %v\n%s", r.code, r.header, r.body)
	}
	r = send(t, anonymous, request{path: "/"})
	if s := r.status(); r.code != 403 || s.Message != `forbidden: User "system:anonymous" cannot get path "/"` {
		t.Errorf("another client gets %d %s", r.code, r.body)
	}
	r = send(t, s.Config, request{path: "/", headers: browser})
	if r.code != 200 || !strings.Contains(string(r.body), `"/api"`) {
		t.Errorf("a browser with the administrator's certificate gets %d %s", r.code, r.body)
	}
}
