package authorization

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// hook is a server that answers SubjectAccessReviews.
type hook struct {
	*httptest.Server
	kubeconfig string
	calls      atomic.Int32
	last       atomic.Pointer[authorizationv1.SubjectAccessReview]
}

// answer writes the answer to a review.
type answer func(w http.ResponseWriter, r *http.Request, review *authorizationv1.SubjectAccessReview)

func newHook(t *testing.T, respond answer) *hook {
	t.Helper()
	h := &hook{}
	h.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.calls.Add(1)
		var review authorizationv1.SubjectAccessReview
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			t.Errorf("the request is no review: %v", err)
		}
		h.last.Store(&review)
		respond(w, r, &review)
	}))
	h.Config.ErrorLog = log.New(io.Discard, "", 0) // in one test the TLS handshakes fail
	h.StartTLS()
	t.Cleanup(h.Close)
	h.kubeconfig = h.writeKubeconfig(t, true)
	return h
}

// writeKubeconfig returns the path of a kubeconfig for the server. If trusted
// is false, it does not contain the right CA.
func (h *hook) writeKubeconfig(t *testing.T, trusted bool) string {
	t.Helper()
	cluster := &clientcmdapi.Cluster{Server: h.URL}
	if trusted {
		cluster.CertificateAuthorityData = pemOf(h.Certificate())
	}
	file := filepath.Join(t.TempDir(), "kubeconfig")
	err := clientcmd.WriteToFile(clientcmdapi.Config{
		Clusters: map[string]*clientcmdapi.Cluster{"c": cluster}, AuthInfos: map[string]*clientcmdapi.AuthInfo{"u": {Token: "secret"}},
		Contexts: map[string]*clientcmdapi.Context{"x": {Cluster: "c", AuthInfo: "u"}}, CurrentContext: "x"}, file)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func status(allowed, denied bool, reason string) answer {
	return func(w http.ResponseWriter, _ *http.Request, review *authorizationv1.SubjectAccessReview) {
		review.Status = authorizationv1.SubjectAccessReviewStatus{Allowed: allowed, Denied: denied, Reason: reason}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(review) // if this fails, the client receives an incomplete answer
	}
}

func raw(code int, body string) answer {
	return func(w http.ResponseWriter, _ *http.Request, _ *authorizationv1.SubjectAccessReview) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body)) // if this fails, the client receives an incomplete answer
	}
}

func pemOf(certificate *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})
}
