// Package namespace implements the controller that completes the deletion of
// namespaces. The server only marks a deleted namespace as Terminating. The
// controller deletes what the namespace contains, pods first (KEP-5080), tells in
// the conditions of the namespace what remains and why, and removes its finalizer
// when nothing remains; then the server removes the namespace.
package namespace

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	restclient "k8s.io/client-go/rest"
	clientretry "k8s.io/client-go/util/retry"
	"k8s.io/klog/v2"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
	"github.com/gatehouse-k8s/gatehouse/pkg/signals"
)

// Name is the name of the controller in kube-controller-manager.
const Name = "namespace-controller"

const (
	// workers is the number of namespaces that are handled concurrently. It is
	// the default of kube-controller-manager's --concurrent-namespace-syncs.
	workers = 10
	// settling is the time in which requests end that were admitted before the
	// namespace was Terminating, and create objects in it.
	settling = 10 * time.Millisecond
	// soonest is the shortest time until the next look at what remains.
	soonest = 50 * time.Millisecond
)

// Controller returns the entry for the list of controllers.
func Controller() controllers.Controller {
	return controllers.Controller{
		Name:  Name,
		Alias: "namespace",
		Needs: []schema.GroupVersionResource{corev1.SchemeGroupVersion.WithResource("namespaces")},
		New: func(d controllers.Deps) *controllers.Loop {
			namespaces := d.Informers.Core().V1().Namespaces()
			discover := discovery.ToDiscoveryInterfaceWithContext(d.Client.Discovery())
			c := &controller{
				client: d.Client.CoreV1(), namespaces: namespaces.Lister(), server: d.Client.Discovery().RESTClient(),
				content: content{pods: d.Client.CoreV1(), metadata: d.Metadata, discover: discover.ServerPreferredNamespacedResourcesWithContext},
			}
			c.loop = &controllers.Loop{
				Workers: workers,
				Watches: []controllers.Watch{controllers.On(namespaces.Informer(), terminating)},
				Sync:    c.sync,
			}
			return c.loop
		},
	}
}

type controller struct {
	client     typedcorev1.NamespacesGetter
	namespaces corelisters.NamespaceLister
	content    content
	loop       *controllers.Loop
	server     restclient.Interface
	// ready is true since the server has said that it is.
	ready atomic.Bool
}

// terminating returns the key of a namespace that this controller has to delete.
func terminating(ns *corev1.Namespace) []string {
	if ns.DeletionTimestamp.IsZero() || !slices.Contains(ns.Spec.Finalizers, corev1.FinalizerKubernetes) {
		return nil
	}
	return []string{ns.Name}
}

// sync deletes the contents of a namespace that is being deleted, and the finalizer
// if nothing remains. Otherwise it looks again later.
func (c *controller) sync(ctx context.Context, name string) error {
	ns, err := c.namespaces.Get(name)
	if apierrors.IsNotFound(err) || err == nil && terminating(ns) == nil {
		return nil
	}
	if err != nil {
		return err
	}
	if !c.complete(ctx) {
		c.loop.AddAfter(name, soonest)
		return nil
	}
	if len(ns.Status.Conditions) == 0 && signals.WaitFor(ctx, settling, ctx.Done()) {
		return ctx.Err()
	}
	ns, err = c.current(ctx, ns)
	if ns == nil || err != nil {
		return err
	}
	found := c.content.delete(ctx, ns)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	ns, err = c.report(ctx, ns, found)
	if ns == nil || err != nil {
		return err
	}
	if !found.empty() {
		c.loop.AddAfter(name, pause(time.Since(ns.DeletionTimestamp.Time), found.estimate))
		return nil
	}
	_, err = c.update(ctx, ns, c.client.Namespaces().Finalize, func(ns *corev1.Namespace) {
		ns.Spec.Finalizers = slices.DeleteFunc(ns.Spec.Finalizers, func(f corev1.FinalizerName) bool { return f == corev1.FinalizerKubernetes })
	})
	return err
}

// complete reports whether the discovery of the server is complete. After the start of
// the server custom resources are missing in it until the server is ready: a namespace
// would be removed while it contains some.
func (c *controller) complete(ctx context.Context) bool {
	if !c.ready.Load() {
		c.ready.Store(c.server.Get().AbsPath("/readyz").Do(ctx).Error() == nil)
	}
	return c.ready.Load()
}

// report writes the conditions unless they are right already. It returns the
// namespace, or nil if it has gone meanwhile.
func (c *controller) report(ctx context.Context, ns *corev1.Namespace, found findings) (*corev1.Namespace, error) {
	now, wanted := metav1.Now(), found.conditions()
	if _, changed := merge(ns.Status.Conditions, wanted, now); !changed && ns.Status.Phase == corev1.NamespaceTerminating {
		return ns, nil
	}
	if err := found.err(); err != nil {
		klog.FromContext(ctx).Error(err, "The contents of the namespace could not be deleted, will retry", "namespace", ns.Name)
	}
	return c.update(ctx, ns, c.client.Namespaces().UpdateStatus, func(ns *corev1.Namespace) {
		ns.Status.Phase = corev1.NamespaceTerminating
		ns.Status.Conditions, _ = merge(ns.Status.Conditions, wanted, now)
	})
}

// write is a request that writes a namespace.
type write func(context.Context, *corev1.Namespace, metav1.UpdateOptions) (*corev1.Namespace, error)

// update changes a namespace, and does so again if someone else has changed it
// meanwhile. It returns nil if the namespace has gone, even if there is another one of
// the same name.
func (c *controller) update(ctx context.Context, ns *corev1.Namespace, send write, change func(*corev1.Namespace)) (*corev1.Namespace, error) {
	err := clientretry.RetryOnConflict(clientretry.DefaultRetry, func() error {
		changed := ns.DeepCopy()
		change(changed)
		written, err := send(ctx, changed, metav1.UpdateOptions{})
		switch {
		case err == nil:
			ns = written
		case apierrors.IsNotFound(err):
			ns = nil
			return nil
		case apierrors.IsConflict(err):
			now, getErr := c.current(ctx, ns)
			if now == nil || getErr != nil {
				ns = nil
				return getErr
			}
			ns = now
		}
		return err
	})
	return ns, err
}

// current returns the stored state of a namespace, or nil if it has gone, even if
// there is another one of the same name.
func (c *controller) current(ctx context.Context, ns *corev1.Namespace) (*corev1.Namespace, error) {
	now, err := c.client.Namespaces().Get(ctx, ns.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) || err == nil && now.UID != ns.UID {
		return nil, nil
	}
	return now, err
}

// pause returns the time until the next look at what remains, after the namespace has
// been Terminating for some time. It grows with this time until it is what
// kube-controller-manager waits, which is half of the estimate, in seconds.
func pause(since time.Duration, estimate int64) time.Duration {
	return max(soonest, min(since/8, time.Duration(max(estimate, patience)/2+1)*time.Second))
}
