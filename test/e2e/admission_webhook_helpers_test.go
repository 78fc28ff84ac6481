package e2e

import (
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/pki"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// hooks is a server of admission webhooks, one for each path.
type hooks struct {
	*httptest.Server
	mux *http.ServeMux

	mu   sync.Mutex
	seen []hookCall
}

// hookCall is a request to the webhook at a path.
type hookCall struct {
	path string
	admissionv1.AdmissionRequest
}

// String says which webhook was asked about what.
func (c hookCall) String() string {
	gv := schema.GroupVersion{Group: c.Resource.Group, Version: c.Resource.Version}
	resource := c.Resource.Resource
	if c.SubResource != "" {
		resource += "/" + c.SubResource
	}
	return fmt.Sprintf("%s: %s %s %s", c.path, c.Operation, gv, resource)
}

// withoutControllers starts a server for webhooks whose calls are counted: a controller
// publishes the root CA as a ConfigMap in every namespace soon after it is created, and
// webhooks for ConfigMaps are asked about it, too.
var withoutControllers = testserver.Options{Controllers: []string{}}

func newHooks(t testing.TB) *hooks {
	h := &hooks{mux: http.NewServeMux()}
	h.Server = httptest.NewTLSServer(h.mux)
	t.Cleanup(h.Close)
	return h
}

// answer serves a webhook, which returns a response without its UID.
func (h *hooks) answer(path string, respond func(*admissionv1.AdmissionRequest) admissionv1.AdmissionResponse) {
	h.mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
		var review admissionv1.AdmissionReview
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		h.mu.Lock()
		h.seen = append(h.seen, hookCall{r.URL.Path, *review.Request})
		h.mu.Unlock()
		response := respond(review.Request)
		response.UID = review.Request.UID
		review.Request, review.Response = nil, &response
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(&review) // the server may have hung up
	})
}

// requests returns what the webhooks were asked since the last call.
func (h *hooks) requests() []hookCall {
	h.mu.Lock()
	defer h.mu.Unlock()
	seen := h.seen
	h.seen = nil
	return seen
}

// at is the address of a webhook.
func (h *hooks) at(path string) clientConfig {
	return clientConfig{URL: ptr.To(h.URL + path), CABundle: certificatePEM(h.Server)}
}

// certificate is a certificate that is its own CA, in both forms.
type certificate struct {
	tls.Certificate
	pem []byte
}

// newCertificate returns a certificate for a host.
func newCertificate(t testing.TB, host string, validity time.Duration) *certificate {
	t.Helper()
	cert, key, err := pki.SelfSigned(host, time.Now(), validity)
	testutil.Check(t, err)
	pair, err := tls.X509KeyPair(cert, key)
	testutil.Check(t, err)
	return &certificate{pair, cert}
}

// secureServer is a webhook with a certificate that can be replaced.
type secureServer struct {
	*httptest.Server
	serving atomic.Pointer[certificate]
}

// secure starts a webhook with a certificate. Its host is localhost.
func secure(t testing.TB, handler http.Handler, cert *certificate) *secureServer {
	s := &secureServer{Server: httptest.NewUnstartedServer(handler)}
	s.serving.Store(cert)
	s.TLS = &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &s.serving.Load().Certificate, nil }}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	s.URL = strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
	return s
}

// at is the address of the webhook, with the certificate that the client is to expect.
func (s *secureServer) at(cert *certificate) clientConfig {
	return clientConfig{URL: &s.URL, CABundle: cert.pem}
}

// certificatePEM returns the certificate of a test server, by which clients can verify it.
func certificatePEM(s *httptest.Server) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
}

// The types of the configurations, under shorter names.
type (
	clientConfig   = admissionregistrationv1.WebhookClientConfig
	rule           = admissionregistrationv1.RuleWithOperations
	operation      = admissionregistrationv1.OperationType
	validatingType = admissionregistrationv1.ValidatingWebhook
	mutatingType   = admissionregistrationv1.MutatingWebhook
)

// on are the rules for the operations of one resource, in the form "group/version/resource".
func on(group, version, resource string, operations ...operation) []rule {
	return []rule{{Operations: operations, Rule: admissionregistrationv1.Rule{
		APIGroups: []string{group}, APIVersions: []string{version}, Resources: []string{resource}}}}
}

// validatingHook is a webhook with what it must have.
func validatingHook(name string, at clientConfig, rules []rule) validatingType {
	return validatingType{Name: name, ClientConfig: at, Rules: rules, AdmissionReviewVersions: []string{"v1"},
		SideEffects: ptr.To(admissionregistrationv1.SideEffectClassNone)}
}

// mutatingHook is a webhook with what it must have.
func mutatingHook(name string, at clientConfig, rules []rule) mutatingType {
	return mutatingType{Name: name, ClientConfig: at, Rules: rules, AdmissionReviewVersions: []string{"v1"},
		SideEffects: ptr.To(admissionregistrationv1.SideEffectClassNone)}
}

// validate creates a configuration.
func validate(t testing.TB, c kubernetes.Interface, name string, webhooks ...validatingType) {
	t.Helper()
	testutil.Check(t, createHooks(t, c, name, webhooks...))
}

// createHooks creates a configuration and returns the error.
func createHooks(t testing.TB, c kubernetes.Interface, name string, webhooks ...validatingType) error {
	configurations := c.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	configuration := &admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: named(name), Webhooks: webhooks}
	_, err := configurations.Create(t.Context(), configuration, metav1.CreateOptions{})
	return err
}

// mutate creates a configuration.
func mutate(t testing.TB, c kubernetes.Interface, name string, webhooks ...mutatingType) {
	t.Helper()
	configurations := c.AdmissionregistrationV1().MutatingWebhookConfigurations()
	configuration := &admissionregistrationv1.MutatingWebhookConfiguration{ObjectMeta: named(name), Webhooks: webhooks}
	_, err := configurations.Create(t.Context(), configuration, metav1.CreateOptions{})
	testutil.Check(t, err)
}

func allowed() admissionv1.AdmissionResponse { return admissionv1.AdmissionResponse{Allowed: true} }

// patch is a response that applies a JSON patch.
func patch(text string) admissionv1.AdmissionResponse {
	return admissionv1.AdmissionResponse{Allowed: true, Patch: []byte(text), PatchType: ptr.To(admissionv1.PatchTypeJSONPatch)}
}
