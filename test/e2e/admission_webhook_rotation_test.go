package e2e

import (
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// TestWebhookCABundleRotation replaces the CA bundle of a webhook and its certificate
// while requests run. From the answer to the change of the bundle on, the old
// certificate is refused, and the new one is accepted as soon as it is served.
func TestWebhookCABundleRotation(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t)
	c := kubernetes.NewForConfigOrDie(s.Config)
	h := newHooks(t)
	h.answer("/", func(*admissionv1.AdmissionRequest) admissionv1.AdmissionResponse { return allowed() })
	first := newCertificate(t, "localhost", time.Hour)
	server := secure(t, h.mux, first)
	validate(t, c, "rotated", validatingHook("rotated.example.com", server.at(first), on("", "v1", "configmaps", "CREATE")))

	refusal := `Internal error occurred: failed calling webhook "rotated.example.com": failed to call webhook: Post "` + server.URL +
		`/?timeout=10s": tls: failed to verify certificate: x509: `
	try := func() string {
		_, err := c.CoreV1().ConfigMaps("default").Create(t.Context(), configMap("a"), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return fmt.Sprint(err)
	}
	var others sync.WaitGroup
	var stop atomic.Bool
	for range 4 {
		others.Go(func() {
			for !stop.Load() {
				if got := try(); got != "<nil>" && !strings.HasPrefix(got, refusal) {
					t.Errorf("meanwhile: %s", got)
				}
			}
		})
	}
	for round := range 10 {
		if got := try(); got != "<nil>" {
			t.Errorf("round %d: %s", round, got)
		}
		following := newCertificate(t, "localhost", time.Hour)
		bundle := base64.StdEncoding.EncodeToString(following.pem)
		_, err := c.AdmissionregistrationV1().ValidatingWebhookConfigurations().Patch(t.Context(), "rotated", types.JSONPatchType,
			[]byte(`[{"op":"replace","path":"/webhooks/0/clientConfig/caBundle","value":"`+bundle+`"}]`), metav1.PatchOptions{})
		testutil.Check(t, err)
		if got := try(); !strings.HasPrefix(got, refusal) {
			t.Errorf("round %d: the old certificate: %s", round, got)
		}
		server.serving.Store(following)
		if got := try(); got != "<nil>" {
			t.Errorf("round %d: the new certificate: %s", round, got)
		}
	}
	stop.Store(true)
	others.Wait()
}
