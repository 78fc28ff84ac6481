package e2e

import (
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/pki"
)

// TestEtcdPort reads what the port of the embedded etcd tells everybody on the
// machine: nothing about the API server, whose metrics need credentials.
func TestEtcdPort(t *testing.T) {
	t.Parallel()
	url := "http://" + freeAddress(t)
	serve(t, t.TempDir(), "--embedded-etcd-listen-client-url="+url)
	own := regexp.MustCompile(`^(#|etcd_|grpc_server_)`)
	for path, code := range map[string]int{"/health": 200, "/metrics": 200, "/debug/vars": 404, "/debug/pprof/": 404} {
		answer, err := http.Get(url + path)
		testutil.Check(t, err)
		body, err := io.ReadAll(answer.Body)
		testutil.Check(t, err)
		testutil.Check(t, answer.Body.Close())
		if answer.StatusCode != code {
			t.Errorf("%s answers %d: %.200s", path, answer.StatusCode, body)
		}
		if path != "/metrics" {
			continue
		}
		for line := range strings.Lines(string(body)) {
			if !own.MatchString(line) {
				t.Errorf("/metrics has %s", line)
			}
		}
	}
}

// TestEtcdPortForOthers opens the port on all addresses, for clients with a
// certificate. Another server uses it.
func TestEtcdPortForOthers(t *testing.T) {
	t.Parallel()
	keys, err := pki.Ensure(filepath.Join(t.TempDir(), "pki"), pki.Request{Hosts: []string{"127.0.0.1"}, Now: time.Now()})
	testutil.Check(t, err)
	_, port, err := net.SplitHostPort(freeAddress(t))
	testutil.Check(t, err)
	serve(t, t.TempDir(), "--embedded-etcd-listen-client-url=https://0.0.0.0:"+port,
		"--embedded-etcd-cert-file="+keys.Serving.CertFile, "--embedded-etcd-key-file="+keys.Serving.KeyFile, "--embedded-etcd-trusted-ca-file="+keys.CA.CertFile)
	for _, scheme := range []string{"http", "https"} {
		if answer, err := http.Get(scheme + "://127.0.0.1:" + port + "/health"); err == nil {
			t.Errorf("%s: a client without a certificate is answered with %d", scheme, answer.StatusCode)
			_ = answer.Body.Close()
		}
	}
	_, admin := serve(t, t.TempDir(), "--etcd-servers=https://127.0.0.1:"+port,
		"--etcd-cafile="+keys.CA.CertFile, "--etcd-certfile="+keys.Admin.CertFile, "--etcd-keyfile="+keys.Admin.KeyFile)
	if r := send(t, admin, request{path: "/api/v1/namespaces/default"}); r.code != 200 {
		t.Errorf("a server with a certificate answers %d: %s", r.code, r.body)
	}
}
