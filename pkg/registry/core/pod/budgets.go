package pod

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	apistorage "k8s.io/apiserver/pkg/storage"
	storeerr "k8s.io/apiserver/pkg/storage/errors"
	pdbhelper "k8s.io/component-helpers/apps/poddisruptionbudget"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
)

// maxDisrupted is the number of entries in status.disruptedPods of a disruption
// budget above which further evictions are refused. The disruption controller
// removes an entry when the pod has been deleted.
const maxDisrupted = 2000

// budgets accesses the stored disruption budgets.
type budgets struct{ objects *objects.Access }

// storage returns the storage of the budgets; nil if they are not served.
func (b budgets) storage() *registry.REST {
	storage, _ := objects.Storage[*registry.REST](b.objects, policyv1.Resource("poddisruptionbudgets"))
	return storage
}

// permit checks that evicting the pod does not violate the disruption budget
// that selects it, if there is one, and records the eviction in the status of
// the budget.
func (b budgets) permit(ctx context.Context, pod *corev1.Pod, dryRun bool) error {
	covering, err := b.covering(ctx, pod)
	if err != nil {
		return err
	}
	switch len(covering) {
	case 0:
		return nil
	case 1:
		if spares(&covering[0], pod) {
			return nil
		}
		return b.take(ctx, &covering[0], pod.Name, dryRun)
	}
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: 500,
		Message: "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
	}}
}

// covering returns the budgets that select the pod. They are as current as etcd,
// because an eviction must be decided on the current state.
func (b budgets) covering(ctx context.Context, pod *corev1.Pod) ([]policyv1.PodDisruptionBudget, error) {
	storage := b.storage()
	if len(pod.Labels) == 0 || storage == nil {
		return nil, nil
	}
	obj, err := storage.List(ctx, nil)
	if err != nil {
		return nil, err
	}
	list := obj.(*policyv1.PodDisruptionBudgetList)
	var covering []policyv1.PodDisruptionBudget
	for i := range list.Items {
		selector, err := metav1.LabelSelectorAsSelector(list.Items[i].Spec.Selector)
		if err == nil && selector.Matches(labels.Set(pod.Labels)) {
			covering = append(covering, list.Items[i])
		}
	}
	return covering, nil
}

// spares reports whether the pod can be evicted without counting against the
// budget, because it is not ready and the unhealthyPodEvictionPolicy allows
// that.
func spares(budget *policyv1.PodDisruptionBudget, pod *corev1.Pod) bool {
	if hasCondition(pod, corev1.PodReady) {
		return false
	}
	if p := budget.Spec.UnhealthyPodEvictionPolicy; p != nil && *p == policyv1.AlwaysAllow {
		return true
	}
	return budget.Status.CurrentHealthy >= budget.Status.DesiredHealthy && budget.Status.DesiredHealthy > 0
}

// take decrements the number of disruptions that the budget allows, and records
// the pod in the status.
func (b budgets) take(ctx context.Context, budget *policyv1.PodDisruptionBudget, pod string, dryRun bool) error {
	var refused error
	decrement := func(obj runtime.Object) (runtime.Object, error) {
		current := obj.(*policyv1.PodDisruptionBudget)
		if refused = allow(current, pod); refused != nil {
			return nil, refused
		}
		return current, nil
	}
	if dryRun {
		_, err := decrement(budget.DeepCopy())
		return err
	}
	storage := b.storage()
	key, err := storage.KeyFunc(ctx, budget.Name)
	if err != nil {
		return err
	}
	err = storage.Store.Storage.GuaranteedUpdate(ctx, key, &policyv1.PodDisruptionBudget{}, false,
		&apistorage.Preconditions{UID: &budget.UID}, apistorage.SimpleUpdate(decrement), false, nil)
	if refused != nil && errors.Is(err, refused) {
		return refused
	}
	return storeerr.InterpretUpdateError(err, policyv1.Resource("poddisruptionbudgets"), budget.Name)
}

func allow(budget *policyv1.PodDisruptionBudget, pod string) error {
	status := &budget.Status
	forbid := func(why string) error {
		return apierrors.NewForbidden(policyv1.Resource("poddisruptionbudget"), budget.Name, errors.New(why))
	}
	switch {
	case status.ObservedGeneration < budget.Generation:
		return tooManyRequests(fmt.Sprintf("The disruption budget %s is still being processed by the server.", budget.Name))
	case status.DisruptionsAllowed < 0:
		return forbid("pdb disruptions allowed is negative")
	case len(status.DisruptedPods) > maxDisrupted:
		return forbid("DisruptedPods map too big - too many evictions not confirmed by PDB controller")
	case status.DisruptionsAllowed == 0:
		return tooManyRequests(fmt.Sprintf("The disruption budget %s needs %d healthy pods and has %d currently",
			budget.Name, status.DesiredHealthy, status.CurrentHealthy))
	}
	status.DisruptionsAllowed--
	if status.DisruptionsAllowed == 0 {
		pdbhelper.UpdateDisruptionAllowedCondition(budget)
	}
	if status.DisruptedPods == nil {
		status.DisruptedPods = map[string]metav1.Time{}
	}
	// For some time, the disruption controller counts a pod with such an entry
	// as disrupted even if it still sees the pod.
	status.DisruptedPods[pod] = metav1.Now()
	return nil
}

func tooManyRequests(why string) error {
	err := apierrors.NewTooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", retryLater)
	err.ErrStatus.Details.Causes = append(err.ErrStatus.Details.Causes, metav1.StatusCause{Type: policyv1.DisruptionBudgetCause, Message: why})
	return err
}
