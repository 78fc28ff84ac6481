package e2e

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// TestEvictionHonoursBudget evicts pods that a disruption budget selects, as
// often as its status allows. The test writes what the disruption controller
// would write.
func TestEvictionHonoursBudget(t *testing.T) {
	_, client, ns := sharedNamespace(t)
	budgets := client.PolicyV1().PodDisruptionBudgets(ns)
	budget, err := budgets.Create(t.Context(), &policyv1.PodDisruptionBudget{
		ObjectMeta: named("budget"),
		Spec: policyv1.PodDisruptionBudgetSpec{MinAvailable: ptr.To(intstr.FromInt32(1)),
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "web"}}},
	}, metav1.CreateOptions{})
	testutil.Check(t, err)
	for _, name := range []string{"first", "second"} {
		p := pod(name)
		p.Labels = map[string]string{"app": "web"}
		p, err := client.CoreV1().Pods(ns).Create(t.Context(), p, metav1.CreateOptions{})
		testutil.Check(t, err)
		p.Status.Phase = corev1.PodRunning
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
		_, err = client.CoreV1().Pods(ns).UpdateStatus(t.Context(), p, metav1.UpdateOptions{})
		testutil.Check(t, err)
	}
	evict := func(name string) error {
		// Without MaxRetries, the client repeats what is answered with 429.
		return client.CoreV1().RESTClient().Post().Namespace(ns).Resource("pods").Name(name).SubResource("eviction").
			Body(&policyv1.Eviction{ObjectMeta: named(name)}).MaxRetries(0).Do(t.Context()).Error()
	}
	refused := func(err error, why string) {
		t.Helper()
		if !apierrors.IsTooManyRequests(err) || !strings.Contains(err.(*apierrors.StatusError).ErrStatus.Details.Causes[0].Message, why) {
			t.Errorf("%+v, want 429: %s", err, why)
		}
	}

	refused(evict("first"), "The disruption budget budget is still being processed by the server.")
	budget.Status = policyv1.PodDisruptionBudgetStatus{
		ObservedGeneration: budget.Generation, DisruptionsAllowed: 1, CurrentHealthy: 2, DesiredHealthy: 1, ExpectedPods: 2,
	}
	_, err = budgets.UpdateStatus(t.Context(), budget, metav1.UpdateOptions{})
	testutil.Check(t, err)
	testutil.Check(t, evict("first"))
	refused(evict("second"), "The disruption budget budget needs 1 healthy pods and has 2 currently")

	budget, err = budgets.Get(t.Context(), "budget", metav1.GetOptions{})
	testutil.Check(t, err)
	if _, recorded := budget.Status.DisruptedPods["first"]; budget.Status.DisruptionsAllowed != 0 || !recorded {
		t.Errorf("status %+v", budget.Status)
	}
}
