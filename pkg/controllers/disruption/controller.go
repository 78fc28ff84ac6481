// Package disruption implements the controller of pod disruption budgets. It keeps
// their status, from which the eviction API sees how many pods may be evicted, and
// takes the condition DisruptionTarget from pods that have not been deleted after all.
package disruption

import (
	"context"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	policylisters "k8s.io/client-go/listers/policy/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/shared/podstatus"
)

// Name is the name of the controller in kube-controller-manager.
const Name = "disruption-controller"

const (
	// deletionTimeout is how long after an eviction a pod counts as disrupted although
	// it has not been deleted.
	deletionTimeout = 2 * time.Minute
	// staleTimeout is how long a pod that is not deleted keeps the condition
	// DisruptionTarget.
	staleTimeout = 2 * time.Minute
	// podPrefix is what the keys of pods with the condition begin with. All other keys
	// are those of budgets.
	podPrefix = "pod:"
)

// Controller returns the entry for the list of controllers.
func Controller() controllers.Controller {
	return controllers.Controller{
		Name:  Name,
		Alias: "disruption",
		Needs: []schema.GroupVersionResource{
			policyv1.SchemeGroupVersion.WithResource("poddisruptionbudgets"), corev1.SchemeGroupVersion.WithResource("pods")},
		New: func(d controllers.Deps) *controllers.Loop { return newLoop(d, newOwners(d)) },
	}
}

func newLoop(d controllers.Deps, owners *owners) *controllers.Loop {
	budgets, pods := d.Informers.Policy().V1().PodDisruptionBudgets(), d.Informers.Core().V1().Pods()
	c := &controller{client: d.Client, budgets: budgets.Lister(), pods: pods.Lister(),
		owners: owners, events: controllers.NewEvents(d.Client.CoreV1(), "controllermanager")}
	c.loop = &controllers.Loop{
		Watches: []controllers.Watch{
			controllers.On(budgets.Informer(), controllers.Self[*policyv1.PodDisruptionBudget]),
			controllers.On(pods.Informer(), c.podChanged),
		},
		Events: c.events,
		Sync:   c.sync,
	}
	return c.loop
}

type controller struct {
	client  kubernetes.Interface
	budgets policylisters.PodDisruptionBudgetLister
	pods    corelisters.PodLister
	owners  *owners
	events  *controllers.Events
	loop    *controllers.Loop
}

// podChanged returns the keys of the budgets that select a pod, and its own one if it
// has the condition.
func (c *controller) podChanged(pod *corev1.Pod) (keys []string) {
	if targeted(pod) {
		keys = append(keys, podPrefix+cache.MetaObjectToName(pod).String())
	}
	matching := c.matching(pod)
	if len(matching) > 1 && pod.DeletionTimestamp == nil {
		c.events.Eventf(pod, corev1.EventTypeWarning, "MultiplePodDisruptionBudgets",
			"Pod %q/%q matches multiple PodDisruptionBudgets.  Chose %q arbitrarily.", pod.Namespace, pod.Name, matching[0].Name)
	}
	for _, budget := range matching {
		keys = append(keys, controllers.Self(budget)...)
	}
	return keys
}

// matching returns the budgets that select a pod, by name. The eviction API refuses pods
// that have more than one.
func (c *controller) matching(pod *corev1.Pod) (matching []*policyv1.PodDisruptionBudget) {
	budgets, err := c.budgets.PodDisruptionBudgets(pod.Namespace).List(labels.Everything())
	if err != nil {
		utilruntime.HandleError(err)
	}
	for _, budget := range budgets {
		if selector, err := metav1.LabelSelectorAsSelector(budget.Spec.Selector); err == nil && selector.Matches(labels.Set(pod.Labels)) {
			matching = append(matching, budget)
		}
	}
	slices.SortFunc(matching, func(a, b *policyv1.PodDisruptionBudget) int { return strings.Compare(a.Name, b.Name) })
	return matching
}

// sync handles a pod or a budget.
func (c *controller) sync(ctx context.Context, key string) error {
	podKey, isPod := strings.CutPrefix(key, podPrefix)
	namespace, name, err := cache.SplitMetaNamespaceKey(podKey)
	if err != nil {
		return err
	}
	if isPod {
		return c.syncPod(ctx, key, namespace, name)
	}
	budget, err := c.budgets.PodDisruptionBudgets(namespace).Get(name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	err = c.syncBudget(ctx, key, budget.DeepCopy())
	if err == nil || apierrors.IsConflict(err) {
		return err
	}
	return c.refuse(ctx, budget.DeepCopy(), err)
}

// targeted reports whether a pod says that it is about to be disrupted, although it is
// neither being deleted nor ended. The kubelet ends pods without deleting them.
func targeted(pod *corev1.Pod) bool {
	condition := podstatus.Condition(pod, corev1.DisruptionTarget)
	return condition != nil && condition.Status == corev1.ConditionTrue && condition.Reason != corev1.PodReasonTerminationByKubelet &&
		pod.DeletionTimestamp == nil && !podstatus.Ended(pod)
}

// syncPod sets the condition DisruptionTarget of a pod to false when it is too old.
func (c *controller) syncPod(ctx context.Context, key, namespace, name string) error {
	pod, err := c.pods.Pods(namespace).Get(name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil || !targeted(pod) {
		return err
	}
	if left := time.Until(podstatus.Condition(pod, corev1.DisruptionTarget).LastTransitionTime.Add(staleTimeout)); left > 0 {
		c.loop.AddAfter(key, left)
		return nil
	}
	err = podstatus.SetCondition(ctx, c.client.CoreV1(), pod, corev1.PodCondition{Type: corev1.DisruptionTarget, Status: corev1.ConditionFalse})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
