package e2e

import (
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// sorted sorts the lines of a text.
func sorted(text string) string { return strings.Join(slices.Sorted(strings.Lines(text)), "") }

// TestHealthChecks compares the health checks with those of kube-apiserver with its default
// flags: their names and what they answer one by one. The order does not count: informer-sync stands
// elsewhere, because kube-apiserver is three generic servers in one.
func TestHealthChecks(t *testing.T) {
	t.Parallel()
	_, config := serve(t, t.TempDir())
	for _, endpoint := range []string{"livez", "readyz"} {
		recorded, err := os.ReadFile("testdata/" + endpoint + ".txt")
		testutil.Check(t, err)
		var want strings.Builder
		for name := range strings.Lines(string(recorded)) {
			name = strings.TrimSpace(name)
			want.WriteString("[+]" + name + " ok\n")
			if got := send(t, config, request{path: "/" + endpoint + "/" + name}); got.code != http.StatusOK || string(got.body) != "ok" {
				t.Errorf("/%s/%s: %d %s", endpoint, name, got.code, got.body)
			}
		}
		want.WriteString(endpoint + " check passed\n")
		if got := send(t, config, request{path: "/" + endpoint + "?verbose"}); sorted(string(got.body)) != sorted(want.String()) {
			t.Errorf("/%s?verbose: %s\nwant %s", endpoint, got.body, want.String())
		}
		excluded := strings.Replace(want.String(), "[+]etcd ok\n", "[+]etcd excluded: ok\n", 1)
		if got := send(t, config, request{path: "/" + endpoint + "?verbose&exclude=etcd"}); sorted(string(got.body)) != sorted(excluded) {
			t.Errorf("/%s without etcd: %s", endpoint, got.body)
		}
		for path, code := range map[string]int{"": 200, "?exclude=nosuch": 200, "/nosuch": 404, "/etcd?verbose": 200} {
			if got := send(t, config, request{path: "/" + endpoint + path}); got.code != code {
				t.Errorf("/%s%s: %d %s", endpoint, path, got.code, got.body)
			}
		}
	}
}
