package kubelet

import (
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/util/cert"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// trusted is a server in place of a kubelet, and the authority of its certificate.
type trusted struct {
	*httptest.Server
	ca []byte
}

func startTrusted(t *testing.T) trusted {
	t.Helper()
	certPEM, keyPEM, err := cert.GenerateSelfSignedCertKey("127.0.0.1", nil, nil)
	testutil.Check(t, err)
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	testutil.Check(t, err)
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that do not trust it are part of the test
	server.StartTLS()
	t.Cleanup(server.Close)
	return trusted{server, certPEM}
}

// asked asks a kubelet for anything. It returns the error of the certificate.
func asked(t *testing.T, n *Connections, k trusted) error {
	t.Helper()
	target, err := n.To(&corev1.Node{Status: corev1.NodeStatus{Addresses: []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "127.0.0.1"}}}})
	testutil.Check(t, err)
	response, err := (&http.Client{Transport: target.Transport}).Get(k.URL)
	if wrong, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return wrong
	}
	testutil.Check(t, err)
	return response.Body.Close()
}

// TestAuthorityChanges replaces the authority by that of another kubelet, with
// contents in between that are invalid and thus change nothing.
func TestAuthorityChanges(t *testing.T) {
	t.Parallel()
	before, after := startTrusted(t), startTrusted(t)
	file := filepath.Join(t.TempDir(), "ca.crt")
	testutil.Check(t, os.WriteFile(file, before.ca, 0o600))
	n, err := New(Config{AddressTypes: []corev1.NodeAddressType{corev1.NodeInternalIP}, CAFile: file})
	testutil.Check(t, err)
	t.Cleanup(n.Close)
	go n.Run(t.Context())
	testutil.Check(t, asked(t, n, before))
	if asked(t, n, after) == nil {
		t.Fatal("a kubelet with another authority is trusted")
	}
	for _, content := range []string{"", "no certificate", string(after.ca)} {
		testutil.Check(t, os.WriteFile(file, []byte(content), 0o600))
	}
	for start := time.Now(); asked(t, n, after) != nil; time.Sleep(10 * time.Millisecond) {
		if time.Since(start) > time.Minute {
			t.Fatal("the new authority is not trusted")
		}
	}
	if asked(t, n, before) == nil {
		t.Error("a kubelet with the old authority is still trusted")
	}
}

// TestInvalidAuthority keeps the authority when the new one is none.
func TestInvalidAuthority(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.crt")
	testutil.Check(t, os.WriteFile(file, startTrusted(t).ca, 0o600))
	n, err := New(Config{CAFile: file})
	testutil.Check(t, err)
	before := n.trusting.Load()
	for name, content := range map[string]string{"empty": "", "no certificate": "no certificate"} {
		if err := n.retrust([]byte(content)); err == nil || n.trusting.Load() != before {
			t.Errorf("%s: %v", name, err)
		}
	}
}
