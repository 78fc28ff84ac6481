// Package podgc implements the controller that deletes pods that no node will ever
// end: pods whose node is gone or out of service, pods that are deleted before they
// have a node, and the oldest of those that have ended, when there are too many.
package podgc

import (
	"context"
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/klog/v2"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/shared/podstatus"
)

// Name is the name of the controller in kube-controller-manager.
const Name = "pod-garbage-collector-controller"

const (
	// period is how often the controller looks at all pods.
	period = 20 * time.Second
	// quarantine is how long a node must have been away before its pods are deleted.
	quarantine = 40 * time.Second
	// threshold is how many pods that have ended are kept. It is the default of
	// kube-controller-manager's --terminated-pod-gc-threshold.
	threshold = 12500
)

// Controller returns the entry for the list of controllers.
func Controller() controllers.Controller {
	return controllers.Controller{
		Name:  Name,
		Alias: "podgc",
		Needs: []schema.GroupVersionResource{corev1.SchemeGroupVersion.WithResource("pods"), corev1.SchemeGroupVersion.WithResource("nodes")},
		New: func(d controllers.Deps) *controllers.Loop {
			pods, nodes := d.Informers.Core().V1().Pods(), d.Informers.Core().V1().Nodes()
			c := &collector{client: d.Client.CoreV1(), pods: pods.Lister(), nodes: nodes.Lister(), threshold: threshold, missing: map[string]time.Time{}}
			c.loop = &controllers.Loop{
				Watches: []controllers.Watch{controllers.Reads(pods.Informer()), controllers.Reads(nodes.Informer())},
				First:   []string{""},
				Sync:    c.sync,
			}
			return c.loop
		},
	}
}

type collector struct {
	client    typedcorev1.CoreV1Interface
	pods      corelisters.PodLister
	nodes     corelisters.NodeLister
	loop      *controllers.Loop
	threshold int
	// missing tells since when a node has not been there to which pods are assigned.
	missing map[string]time.Time
}

// sync looks at all pods, and again after the period. Pods that cannot be deleted now
// are found again then.
func (c *collector) sync(ctx context.Context, key string) error {
	defer c.loop.AddAfter(key, period)
	pods, err := c.pods.List(labels.Everything())
	if err != nil {
		return err
	}
	if err := errors.Join(c.collectEnded(ctx, pods), c.collectOutOfService(ctx, pods), c.collectOrphans(ctx, pods), c.collectUnscheduled(ctx, pods)); err != nil {
		klog.FromContext(ctx).Error(err, "Failed to delete some pods, will try again", "after", period)
	}
	return nil
}

// remove deletes a pod at once, and sets its phase to Failed before unless it has ended.
func (c *collector) remove(ctx context.Context, pod *corev1.Pod, condition *corev1.PodCondition) error {
	if !podstatus.Ended(pod) {
		if err := podstatus.Fail(ctx, c.client, pod, condition); err != nil {
			return ignoreGone(err)
		}
	}
	return ignoreGone(c.client.Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{
		GracePeriodSeconds: ptr.To[int64](0), Preconditions: metav1.NewUIDPreconditions(string(pod.UID))}))
}

// ignoreGone returns nil if the pod is not there any more, or is another one.
func ignoreGone(err error) error {
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return err
}
