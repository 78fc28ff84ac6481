package podgc

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/shared/podstatus"
)

// collectEnded deletes the oldest of the pods that have ended, beyond the threshold.
// Pods that were evicted go first.
func (c *collector) collectEnded(ctx context.Context, pods []*corev1.Pod) error {
	ended := filter(pods, podstatus.Ended)
	if len(ended) <= c.threshold {
		return nil
	}
	slices.SortFunc(ended, func(a, b *corev1.Pod) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	return c.removeAll(ctx, ended[:len(ended)-c.threshold], nil)
}

// rank is lower for pods that were evicted.
func rank(pod *corev1.Pod) int {
	if pod.Status.Reason == "Evicted" {
		return 0
	}
	return 1
}

// collectOutOfService deletes the pods that are being deleted, of nodes that an
// administrator has declared to be out of service, and that are not ready.
func (c *collector) collectOutOfService(ctx context.Context, pods []*corev1.Pod) error {
	return c.removeAll(ctx, filter(pods, func(pod *corev1.Pod) bool {
		if pod.DeletionTimestamp == nil || pod.Spec.NodeName == "" {
			return false
		}
		node, err := c.nodes.Get(pod.Spec.NodeName)
		return err == nil && !ready(node) && slices.ContainsFunc(node.Spec.Taints, func(t corev1.Taint) bool { return t.Key == corev1.TaintNodeOutOfService })
	}), nil)
}

func ready(node *corev1.Node) bool {
	return slices.ContainsFunc(node.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	})
}

// collectUnscheduled deletes the pods that are being deleted and have no node that
// could end them.
func (c *collector) collectUnscheduled(ctx context.Context, pods []*corev1.Pod) error {
	return c.removeAll(ctx, filter(pods, func(pod *corev1.Pod) bool { return pod.DeletionTimestamp != nil && pod.Spec.NodeName == "" }), nil)
}

// collectOrphans deletes the pods of nodes that have been missing for the quarantine.
func (c *collector) collectOrphans(ctx context.Context, pods []*corev1.Pod) error {
	gone, err := c.goneNodes(ctx, pods)
	return errors.Join(err, c.removeAll(ctx, filter(pods, func(pod *corev1.Pod) bool { return gone.Has(pod.Spec.NodeName) }), &corev1.PodCondition{
		Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: "DeletionByPodGC", Message: "PodGC: node no longer exists"}))
}

// goneNodes returns the nodes of pods whose quarantine is over, and that the server
// does not have either.
func (c *collector) goneNodes(ctx context.Context, pods []*corev1.Pod) (sets.Set[string], error) {
	known, gone, now := sets.New[string](""), sets.New[string](), time.Now()
	var errs []error
	missing := map[string]time.Time{}
	for _, pod := range pods {
		name := pod.Spec.NodeName
		if known.Has(name) {
			continue
		}
		known.Insert(name)
		if _, err := c.nodes.Get(name); !apierrors.IsNotFound(err) {
			continue
		}
		since, ok := c.missing[name]
		if !ok {
			since = now
		}
		if now.Sub(since) < quarantine {
			missing[name] = since
			continue
		}
		switch _, err := c.client.Nodes().Get(ctx, name, metav1.GetOptions{}); {
		case apierrors.IsNotFound(err):
			gone.Insert(name)
		case err != nil:
			missing[name] = since
			errs = append(errs, err)
		}
	}
	c.missing = missing
	return gone, errors.Join(errs...)
}

func (c *collector) removeAll(ctx context.Context, pods []*corev1.Pod, condition *corev1.PodCondition) error {
	var errs []error
	for _, pod := range pods {
		errs = append(errs, c.remove(ctx, pod, condition))
	}
	return errors.Join(errs...)
}

func filter(pods []*corev1.Pod, keep func(*corev1.Pod) bool) (kept []*corev1.Pod) {
	for _, pod := range pods {
		if keep(pod) {
			kept = append(kept, pod)
		}
	}
	return kept
}
