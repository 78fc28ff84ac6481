package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// replace is a JSON patch that replaces one string.
func replace(path, value string) []byte {
	return fmt.Appendf(nil, `[{"op":"replace","path":%q,"value":%q}]`, path, value)
}

// TestPoliciesAreInForceAtOnce creates, changes and deletes a policy, its binding and
// its parameters. The request after the answer must meet the new state.
func TestPoliciesAreInForceAtOnce(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t)
	c := kubernetes.NewForConfigOrDie(s.Config)
	policies, bindings := c.AdmissionregistrationV1().ValidatingAdmissionPolicies(), c.AdmissionregistrationV1().ValidatingAdmissionPolicyBindings()
	_, err := c.CoreV1().ConfigMaps("default").Create(t.Context(), configMap("limit", "max", "1"), metav1.CreateOptions{})
	testutil.Check(t, err)
	policy := validatingPolicy("limit", "size(object.data) <= int(params.data.max)", on("", "v1", "secrets", "CREATE"))
	policy.Spec.ParamKind = &admissionregistrationv1.ParamKind{APIVersion: "v1", Kind: "ConfigMap"}
	binding := validatingBinding("limit")
	binding.Spec.ParamRef = &admissionregistrationv1.ParamRef{Name: "limit", Namespace: "default",
		ParameterNotFoundAction: ptr.To(admissionregistrationv1.DenyAction)}

	const denied = `secrets "a" is forbidden: ValidatingAdmissionPolicy 'limit' with binding 'limit' denied request: refused by limit`
	patch := func(_ any, err error) {
		t.Helper()
		testutil.Check(t, err)
	}
	for round := range 50 {
		try := func(step, want string) {
			t.Helper()
			secret := &corev1.Secret{ObjectMeta: named("a"), StringData: map[string]string{"one": "1", "two": "2"}}
			_, err := c.CoreV1().Secrets("default").Create(t.Context(), secret, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
			if got := fmt.Sprint(err); got != want {
				t.Fatalf("round %d, %s: %s, want %s", round, step, got, want)
			}
		}
		enforce(t, c, policy, binding)
		try("created", denied)
		patch(policies.Patch(t.Context(), "limit", types.JSONPatchType,
			replace("/spec/validations/0/expression", "size(object.data) > int(params.data.max)"), metav1.PatchOptions{}))
		try("another expression", "<nil>")
		patch(c.CoreV1().ConfigMaps("default").Patch(t.Context(), "limit", types.JSONPatchType, replace("/data/max", "2"), metav1.PatchOptions{}))
		try("another parameter", denied)
		testutil.Check(t, bindings.Delete(t.Context(), "limit", metav1.DeleteOptions{}))
		try("without the binding", "<nil>")
		testutil.Check(t, policies.Delete(t.Context(), "limit", metav1.DeleteOptions{}))
		patch(c.CoreV1().ConfigMaps("default").Patch(t.Context(), "limit", types.JSONPatchType, replace("/data/max", "1"), metav1.PatchOptions{}))
	}
}

// TestMutatingPoliciesAreInForceAtOnce is the same for a policy that sets a label.
func TestMutatingPoliciesAreInForceAtOnce(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t)
	c := kubernetes.NewForConfigOrDie(s.Config)
	policies, bindings := c.AdmissionregistrationV1().MutatingAdmissionPolicies(), c.AdmissionregistrationV1().MutatingAdmissionPolicyBindings()
	expression := func(label string) string {
		return `Object{metadata: Object.metadata{labels: {"label": "` + label + `"}}}`
	}
	for round := range 50 {
		try := func(want string) {
			t.Helper()
			got, err := c.CoreV1().ConfigMaps("default").Create(t.Context(), configMap("a"), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
			testutil.Check(t, err)
			if got.Labels["label"] != want {
				t.Fatalf("round %d: label %q, want %q", round, got.Labels["label"], want)
			}
		}
		enforceMutation(t, c, mutatingPolicy("label", expression("one"), on("", "v1", "configmaps", "CREATE")))
		try("one")
		_, err := policies.Patch(t.Context(), "label", types.JSONPatchType,
			replace("/spec/mutations/0/applyConfiguration/expression", expression("two")), metav1.PatchOptions{})
		testutil.Check(t, err)
		try("two")
		testutil.Check(t, bindings.Delete(t.Context(), "label", metav1.DeleteOptions{}))
		try("")
		testutil.Check(t, policies.Delete(t.Context(), "label", metav1.DeleteOptions{}))
	}
}

// TestPoliciesLockOut lets policies refuse everything. They are not asked about
// policies and their bindings, which can be deleted, also after a restart.
func TestPoliciesLockOut(t *testing.T) {
	t.Parallel()
	flags := []string{"--data-dir=" + t.TempDir(), "--secure-port=" + freePort(t)}
	s := startToStop(t, flags...)
	c := kubernetes.NewForConfigOrDie(s.Config)
	all := on("*", "*", "*/*", "*")
	enforceMutation(t, c, mutatingPolicy("fails", `Object{metadata: Object.metadata{labels: {"a": string(1 / 0)}}}`, on("*", "*", "*/*", "CREATE", "UPDATE")))
	enforce(t, c, validatingPolicy("no", "false", all), validatingBinding("no"))

	for _, when := range []string{"before a restart", "after a restart"} {
		for _, q := range []request{
			{method: http.MethodPost, path: "/api/v1/namespaces/default/configmaps", body: []byte(`{"metadata":{"name":"a"}}`)},
			{method: http.MethodPost, path: "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", body: []byte(`{"metadata":{"name":"a"}}`)},
			{method: http.MethodDelete, path: "/apis/rbac.authorization.k8s.io/v1/clusterroles/view"},
		} {
			q.headers = []string{"Content-Type", "application/json"}
			if got := send(t, s.Config, q); got.code < 400 || !strings.Contains(got.status().Message, "denied request") {
				t.Errorf("%s: %s %s: %d %s", when, q.method, q.path, got.code, got.body)
			}
		}
		if when == "before a restart" {
			testutil.Check(t, s.Stop())
			s = testserver.Start(t, testserver.Options{Flags: flags})
			c = kubernetes.NewForConfigOrDie(s.Config)
		}
	}
	for _, path := range []string{"validatingadmissionpolicybindings/no", "validatingadmissionpolicies/no",
		"mutatingadmissionpolicies/fails", "mutatingadmissionpolicybindings/fails"} {
		q := request{method: http.MethodDelete, path: "/apis/admissionregistration.k8s.io/v1/" + path}
		if got := send(t, s.Config, q); got.code != http.StatusOK {
			t.Errorf("%s: %d %s", path, got.code, got.body)
		}
	}
	create(t, c, "default", "a")
}

// TestPolicyMetrics reads how often policies have refused and changed something. As in
// kube-apiserver there is no count of what a validating policy lets pass.
func TestPolicyMetrics(t *testing.T) {
	_, c, namespace := sharedNamespace(t)
	rules := on("", "v1", "configmaps", "CREATE")
	own := &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: namespace}}
	no, label := validatingPolicy("metrics", "object.metadata.name != 'bad'", rules), mutatingPolicy("metrics", "Object{}", rules)
	no.Spec.MatchConstraints.NamespaceSelector, label.Spec.MatchConstraints.NamespaceSelector = own, own
	enforce(t, c, no, validatingBinding("metrics"))
	enforceMutation(t, c, label)
	create(t, c, namespace, "good", "better")
	if _, err := c.CoreV1().ConfigMaps(namespace).Create(t.Context(), configMap("bad"), metav1.CreateOptions{}); err == nil {
		t.Error("the policy does not refuse a config map")
	}
	metrics := document(t, sharedServer(t).Config, "/metrics")
	for _, want := range []string{
		`apiserver_validating_admission_policy_check_total{enforcement_action="deny",error_type="invalid_error",policy="metrics",policy_binding="metrics"} 1`,
		`apiserver_mutating_admission_policy_check_total{error_type="no_error",policy="metrics",policy_binding="metrics"} 3`,
	} {
		if !strings.Contains(metrics, "\n"+want+"\n") {
			t.Errorf("the metrics lack %s", want)
		}
	}
}
