package e2e

import (
	"net/http"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// TestWebhooksLockOut lets webhooks refuse everything, of which one is down and one
// says no. Neither is asked about configurations of webhooks and about policies, so
// that they can be changed and deleted, also after a restart.
func TestWebhooksLockOut(t *testing.T) {
	t.Parallel()
	// With the same port there is nothing that the server has to write at its second start.
	flags := []string{"--data-dir=" + t.TempDir(), "--secure-port=" + freePort(t)}
	s := startToStop(t, flags...)
	c := kubernetes.NewForConfigOrDie(s.Config)
	h := newHooks(t)
	h.answer("/no", func(*admissionv1.AdmissionRequest) admissionv1.AdmissionResponse {
		return admissionv1.AdmissionResponse{}
	})
	all := on("*", "*", "*/*", "*")
	own := on("admissionregistration.k8s.io", "*", "*", "*")
	down := "https://127.0.0.1:1/"
	validate(t, c, "no", validatingHook("all.example.com", h.at("/no"), all), validatingHook("own.example.com", h.at("/no"), own))
	validate(t, c, "down", validatingHook("down.example.com", clientConfig{URL: &down}, append(all, own...)))
	mutate(t, c, "no", mutatingHook("mno.example.com", h.at("/no"), append(all, own...)))
	mutate(t, c, "down", mutatingHook("mdown.example.com", clientConfig{URL: &down}, append(all, own...)))
	h.requests()

	for _, name := range []string{"before a restart", "after a restart"} {
		t.Run(name, func(t *testing.T) {
			for _, q := range []request{
				{method: http.MethodPost, path: "/api/v1/namespaces/default/configmaps", body: []byte(`{"metadata":{"name":"a"}}`)},
				{method: http.MethodPost, path: "/api/v1/namespaces", body: []byte(`{"metadata":{"name":"a"}}`)},
				{method: http.MethodDelete, path: "/apis/rbac.authorization.k8s.io/v1/clusterroles/view"},
			} {
				q.headers = []string{"Content-Type", "application/json"}
				if got := send(t, s.Config, q); got.code < 400 || !strings.Contains(got.status().Message, ".example.com") {
					t.Errorf("%s %s: %d %s", q.method, q.path, got.code, got.body)
				}
			}
		})
		if name == "before a restart" {
			testutil.Check(t, s.Stop())
			s = testserver.Start(t, testserver.Options{Flags: flags})
			c = kubernetes.NewForConfigOrDie(s.Config)
		}
	}
	policy := request{method: http.MethodPost, path: "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
		body: []byte(`{"metadata":{"name":"a"},"spec":{"policyName":"a","validationActions":["Deny"]}}`), headers: []string{"Content-Type", "application/json"}}
	if got := send(t, s.Config, policy); got.code != http.StatusCreated {
		t.Errorf("a binding of a policy: %d %s", got.code, got.body)
	}
	for _, resource := range []string{"validatingwebhookconfigurations", "mutatingwebhookconfigurations"} {
		path := "/apis/admissionregistration.k8s.io/v1/" + resource + "/"
		label := request{method: http.MethodPatch, path: path + "no", body: []byte(`{"metadata":{"labels":{"a":"b"}}}`),
			headers: []string{"Content-Type", "application/merge-patch+json"}}
		for _, q := range []request{label, {method: http.MethodDelete, path: path + "no"}, {method: http.MethodDelete, path: path + "down"}} {
			if got := send(t, s.Config, q); got.code != http.StatusOK {
				t.Errorf("%s %s: %d %s", q.method, q.path, got.code, got.body)
			}
		}
	}
	for _, call := range h.requests() {
		if call.Resource.Group == "admissionregistration.k8s.io" {
			t.Errorf("the webhook was asked: %v", call)
		}
	}
	create(t, c, "default", "a")
}
