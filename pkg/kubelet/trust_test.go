package kubelet

import (
	"crypto/tls"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	standin "github.com/gatehouse-k8s/gatehouse/test/kubelet"
)

// asked asks a kubelet for its health. It returns the error of the certificate.
func asked(t *testing.T, n *Connections, k *standin.Kubelet) error {
	t.Helper()
	target, err := n.To(k.Node("n"))
	testutil.Check(t, err)
	response, err := (&http.Client{Transport: target.Transport}).Get(k.URL("/healthz").String())
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
	var kubelets [2]*standin.Kubelet
	for i := range kubelets {
		var err error
		kubelets[i], err = standin.Start(standin.Config{})
		testutil.Check(t, err)
		t.Cleanup(kubelets[i].Close)
	}
	before, after := kubelets[0], kubelets[1]
	file := filepath.Join(t.TempDir(), "ca.crt")
	testutil.Check(t, os.WriteFile(file, before.CA, 0o600))
	n, err := New(Config{AddressTypes: []corev1.NodeAddressType{corev1.NodeInternalIP}, CAFile: file})
	testutil.Check(t, err)
	t.Cleanup(n.Close)
	go n.Run(t.Context())
	testutil.Check(t, asked(t, n, before))
	if asked(t, n, after) == nil {
		t.Fatal("a kubelet with another authority is trusted")
	}
	for _, content := range []string{"", "no certificate", string(after.CA)} {
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
	k, err := standin.Start(standin.Config{})
	testutil.Check(t, err)
	t.Cleanup(k.Close)
	file := filepath.Join(t.TempDir(), "ca.crt")
	testutil.Check(t, os.WriteFile(file, k.CA, 0o600))
	n, err := New(Config{CAFile: file})
	testutil.Check(t, err)
	before := n.trusting.Load()
	for name, content := range map[string]string{"empty": "", "no certificate": "no certificate"} {
		if err := n.retrust([]byte(content)); err == nil || n.trusting.Load() != before {
			t.Errorf("%s: %v", name, err)
		}
	}
}
