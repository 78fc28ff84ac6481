package disruption

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	endpointsliceutil "k8s.io/endpointslice/util"
)

// syncBudget calculates the status of a budget and writes it.
func (c *controller) syncBudget(ctx context.Context, key string, budget *policyv1.PodDisruptionBudget) error {
	selector, err := metav1.LabelSelectorAsSelector(budget.Spec.Selector)
	if err != nil {
		return err
	}
	pods, err := c.pods.Pods(budget.Namespace).List(selector)
	if err != nil {
		return err
	}
	if len(pods) == 0 {
		c.events.Eventf(budget, corev1.EventTypeNormal, "NoPods", "No matching pods found")
	}
	expected, desired, err := c.counts(ctx, budget, pods)
	if err != nil {
		c.events.Eventf(budget, corev1.EventTypeWarning, "CalculateExpectedPodCountFailed", "Failed to calculate the number of expected pods: %v", err)
		return err
	}
	disrupted, next := c.disrupted(budget, pods)
	if next > 0 {
		c.loop.AddAfter(key, next)
	}
	healthy := healthy(pods, disrupted)
	allowed := max(healthy-desired, 0)
	if expected <= 0 {
		allowed = 0
	}
	status := policyv1.PodDisruptionBudgetStatus{
		ObservedGeneration: budget.Generation, DisruptedPods: disrupted, DisruptionsAllowed: allowed,
		CurrentHealthy: healthy, DesiredHealthy: desired, ExpectedPods: expected, Conditions: budget.Status.DeepCopy().Conditions,
	}
	condition := metav1.Condition{Type: policyv1.DisruptionAllowedCondition, Status: metav1.ConditionFalse,
		Reason: policyv1.InsufficientPodsReason, ObservedGeneration: budget.Generation}
	if allowed > 0 {
		condition.Status, condition.Reason = metav1.ConditionTrue, policyv1.SufficientPodsReason
	}
	meta.SetStatusCondition(&status.Conditions, condition)
	return c.write(ctx, budget, status)
}

// refuse allows no disruption any more, because the status cannot be calculated.
func (c *controller) refuse(ctx context.Context, budget *policyv1.PodDisruptionBudget, why error) error {
	status := *budget.Status.DeepCopy()
	status.DisruptionsAllowed = 0
	meta.SetStatusCondition(&status.Conditions, metav1.Condition{Type: policyv1.DisruptionAllowedCondition, Status: metav1.ConditionFalse,
		Reason: policyv1.SyncFailedReason, Message: why.Error(), ObservedGeneration: status.ObservedGeneration})
	return c.write(ctx, budget, status)
}

// write writes a status that has changed.
func (c *controller) write(ctx context.Context, budget *policyv1.PodDisruptionBudget, status policyv1.PodDisruptionBudgetStatus) error {
	if apiequality.Semantic.DeepEqual(budget.Status, status) {
		return nil
	}
	budget.Status = status
	_, err := c.client.PolicyV1().PodDisruptionBudgets(budget.Namespace).UpdateStatus(ctx, budget, metav1.UpdateOptions{})
	return err
}

// counts returns how many pods there should be, and how many of them have to be healthy.
func (c *controller) counts(ctx context.Context, budget *policyv1.PodDisruptionBudget, pods []*corev1.Pod) (expected, desired int32, err error) {
	minAvailable, maxUnavailable := budget.Spec.MinAvailable, budget.Spec.MaxUnavailable
	switch {
	case maxUnavailable != nil:
		if expected, err = c.expected(ctx, budget, pods); err != nil {
			return 0, 0, err
		}
		unavailable, err := intstr.GetScaledValueFromIntOrPercent(maxUnavailable, int(expected), true)
		return expected, max(expected-int32(unavailable), 0), err
	case minAvailable != nil && minAvailable.Type == intstr.Int:
		return int32(len(pods)), minAvailable.IntVal, nil
	case minAvailable != nil:
		if expected, err = c.expected(ctx, budget, pods); err != nil {
			return 0, 0, err
		}
		available, err := intstr.GetScaledValueFromIntOrPercent(minAvailable, int(expected), true)
		return expected, int32(available), err
	}
	return 0, 0, nil
}

// expected returns how many pods the owners of the pods are to have. Pods without a
// controller do not count, and an event tells of them.
func (c *controller) expected(ctx context.Context, budget *policyv1.PodDisruptionBudget, pods []*corev1.Pod) (int32, error) {
	count, unmanaged, err := c.owners.replicas(ctx, pods)
	if unmanaged {
		c.events.Eventf(budget, corev1.EventTypeWarning, "UnmanagedPods", "Pods selected by this PodDisruptionBudget (selector: %v) were found to be unmanaged. "+
			"As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. "+
			"To account for these pods please set \".spec.minAvailable\" field of the PDB to an integer value.", budget.Spec.Selector)
	}
	return count, err
}

// disrupted returns those of the disrupted pods of a budget that have not been deleted
// yet, and when the next of them has to be forgotten. If the deletion does not come, an
// event tells so.
func (c *controller) disrupted(budget *policyv1.PodDisruptionBudget, pods []*corev1.Pod) (disrupted map[string]metav1.Time, next time.Duration) {
	for _, pod := range pods {
		since, ok := budget.Status.DisruptedPods[pod.Name]
		if !ok || pod.DeletionTimestamp != nil {
			continue
		}
		left := time.Until(since.Add(deletionTimeout))
		if left < 0 {
			c.events.Eventf(pod, corev1.EventTypeWarning, "NotDeleted", "Pod was expected by PDB %s/%s to be deleted but it wasn't",
				budget.Namespace, budget.Namespace) // kube-controller-manager does not name the budget either
			continue
		}
		if disrupted == nil {
			disrupted = map[string]metav1.Time{}
		}
		disrupted[pod.Name] = since
		if next == 0 || left < next {
			next = max(left, 1)
		}
	}
	return disrupted, next
}

// healthy counts the pods that are ready and are not going to be deleted.
func healthy(pods []*corev1.Pod, disrupted map[string]metav1.Time) (count int32) {
	for _, pod := range pods {
		if _, ok := disrupted[pod.Name]; !ok && pod.DeletionTimestamp == nil && endpointsliceutil.IsPodReady(pod) {
			count++
		}
	}
	return count
}
