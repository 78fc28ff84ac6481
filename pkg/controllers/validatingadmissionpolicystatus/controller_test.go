package validatingadmissionpolicystatus_test

import (
	"context"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/validatingadmissionpolicystatus"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// TestTypeChecking expects the warnings that kube-controller-manager v1.36.3 writes.
func TestTypeChecking(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t, testserver.Options{Flags: []string{"--controllers=" + validatingadmissionpolicystatus.Name}})
	policies := kubernetes.NewForConfigOrDie(s.Config).AdmissionregistrationV1().ValidatingAdmissionPolicies()
	policy := &admissionregistrationv1.ValidatingAdmissionPolicy{ObjectMeta: metav1.ObjectMeta{Name: "checked"}}
	policy.Spec.MatchConstraints = &admissionregistrationv1.MatchResources{ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{
		RuleWithOperations: admissionregistrationv1.RuleWithOperations{Operations: []admissionregistrationv1.OperationType{"CREATE"},
			Rule: admissionregistrationv1.Rule{APIGroups: []string{"apps"}, APIVersions: []string{"v1"}, Resources: []string{"deployments", "replicasets"}}}}}}
	policy.Spec.Validations = []admissionregistrationv1.Validation{
		{Expression: `object.spec.replicas > "x"`, MessageExpression: "string(object.spec.nothing)"}, {Expression: "object.spec.replicas > 1"}}
	if _, err := policies.Create(t.Context(), policy, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	checked := observed(t, policies.Get, 1)
	want := []admissionregistrationv1.ExpressionWarning{
		{FieldRef: "spec.validations[0].expression", Warning: "apps/v1, Kind=Deployment: ERROR: <input>:1:22: found no matching overload for '_>_' applied to " +
			"'(int, string)'\n | object.spec.replicas > \"x\"\n | .....................^\n\napps/v1, Kind=ReplicaSet: ERROR: <input>:1:22: " +
			"found no matching overload for '_>_' applied to '(int, string)'\n | object.spec.replicas > \"x\"\n | .....................^\n"},
		{FieldRef: "spec.validations[0].messageExpression", Warning: "apps/v1, Kind=Deployment: ERROR: <input>:1:19: undefined field 'nothing'\n" +
			" | string(object.spec.nothing)\n | ..................^\n\napps/v1, Kind=ReplicaSet: ERROR: <input>:1:19: undefined field 'nothing'\n" +
			" | string(object.spec.nothing)\n | ..................^\n"},
	}
	got := checked.Status.TypeChecking.ExpressionWarnings
	if len(got) != len(want) {
		t.Fatalf("%q, want %q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%q, want %q", got[i], want[i])
		}
	}

	checked.Spec.Validations = checked.Spec.Validations[1:]
	if _, err := policies.Update(t.Context(), checked, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if left := observed(t, policies.Get, 2).Status.TypeChecking; left != nil {
		t.Errorf("after the mistakes are gone: %v", left)
	}
}

// observed waits until a generation of the policy has been checked.
func observed(t *testing.T, get func(context.Context, string, metav1.GetOptions) (*admissionregistrationv1.ValidatingAdmissionPolicy, error),
	generation int64) (found *admissionregistrationv1.ValidatingAdmissionPolicy) {
	t.Helper()
	err := wait.PollUntilContextTimeout(t.Context(), 10*time.Millisecond, 30*time.Second, true, func(ctx context.Context) (bool, error) {
		var err error
		found, err = get(ctx, "checked", metav1.GetOptions{})
		return err == nil && found.Status.ObservedGeneration == generation, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
