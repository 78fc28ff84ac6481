package e2e

import (
	"fmt"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// TestAdmissionOfTwoServers configures webhooks and policies through one server. They
// come into force, and end, at another one on the same etcd too.
func TestAdmissionOfTwoServers(t *testing.T) {
	t.Parallel()
	etcd := "http://" + freeAddress(t)
	first := testserver.Start(t, testserver.Options{Flags: []string{"--embedded-etcd-listen-client-url=" + etcd, "--advertise-address=192.0.2.1"}})
	second := testserver.Start(t, testserver.Options{Flags: []string{"--etcd-servers=" + etcd, "--advertise-address=192.0.2.2"}})
	c, other := kubernetes.NewForConfigOrDie(first.Config), kubernetes.NewForConfigOrDie(second.Config)
	h := newHooks(t)
	h.answer("/", func(*admissionv1.AdmissionRequest) admissionv1.AdmissionResponse {
		return admissionv1.AdmissionResponse{Result: &metav1.Status{Message: "no today"}}
	})
	rules, api := on("", "v1", "configmaps", "CREATE"), c.AdmissionregistrationV1()
	until := func(what, want string) {
		t.Helper()
		eventually(t, what, func() bool {
			_, err := other.CoreV1().ConfigMaps("default").Create(t.Context(), configMap("a"), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
			return strings.Contains(fmt.Sprint(err), want)
		})
	}
	for range 5 {
		validate(t, c, "no", validatingHook("no.example.com", h.at("/"), rules))
		until("the webhook is in force", "no today")
		testutil.Check(t, api.ValidatingWebhookConfigurations().Delete(t.Context(), "no", metav1.DeleteOptions{}))
		until("the webhook is gone", "<nil>")
		enforce(t, c, validatingPolicy("no", "false", rules), validatingBinding("no"))
		until("the policy is in force", "refused by no")
		testutil.Check(t, api.ValidatingAdmissionPolicyBindings().Delete(t.Context(), "no", metav1.DeleteOptions{}))
		until("the policy is gone", "<nil>")
		testutil.Check(t, api.ValidatingAdmissionPolicies().Delete(t.Context(), "no", metav1.DeleteOptions{}))
	}
}
