// Package endpointslicemirroring implements the controller that copies the Endpoints of
// services without a selector, which somebody else writes, to EndpointSlices, because
// most clients read only those.
package endpointslicemirroring

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	discoveryv1listers "k8s.io/client-go/listers/discovery/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/endpointslice"
	endpointsliceutil "k8s.io/endpointslice/util"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/shared/slicewrites"
)

// Name is the name of the controller in kube-controller-manager.
const Name = "endpointslice-mirroring-controller"

const (
	// manager is the value of the label endpointslice.kubernetes.io/managed-by of the
	// slices of this controller.
	manager = "endpointslicemirroring-controller.k8s.io"
	// perSubset is how many addresses of a subset of Endpoints are copied, and
	// perSlice how many endpoints a slice has at most. Both are defaults of
	// kube-controller-manager's flags.
	perSubset, perSlice = 1000, 1000
)

// Controller returns the entry for the list of controllers.
func Controller() controllers.Controller {
	return controllers.Controller{
		Name:  Name,
		Alias: "endpointslicemirroring",
		Needs: []schema.GroupVersionResource{corev1.SchemeGroupVersion.WithResource("services"),
			corev1.SchemeGroupVersion.WithResource("endpoints"), discoveryv1.SchemeGroupVersion.WithResource("endpointslices")},
		New: func(d controllers.Deps) *controllers.Loop {
			services, endpoints := d.Informers.Core().V1().Services(), d.Informers.Core().V1().Endpoints()
			slices := d.Informers.Discovery().V1().EndpointSlices()
			c := &controller{
				client: d.Client, services: services.Lister(), endpoints: endpoints.Lister(), slices: slices.Lister(),
				written: endpointsliceutil.NewEndpointSliceTracker(),
				events:  controllers.NewEvents(d.Client.CoreV1(), "endpoint-slice-mirroring-controller"),
			}
			return &controllers.Loop{
				Workers: 5,
				Retry:   time.Second,
				Watches: []controllers.Watch{
					controllers.On(services.Informer(), controllers.Self[*corev1.Service]),
					controllers.On(endpoints.Informer(), controllers.Self[*corev1.Endpoints]),
					controllers.OnChange(slices.Informer(), c.sliceChanged),
				},
				Events: c.events,
				Sync:   c.sync,
			}
		},
	}
}

type controller struct {
	client    kubernetes.Interface
	services  corelisters.ServiceLister
	endpoints corelisters.EndpointsLister
	slices    discoveryv1listers.EndpointSliceLister
	// written are the slices that this controller has written.
	written *endpointsliceutil.EndpointSliceTracker
	events  *controllers.Events
}

// sliceChanged returns the service of a slice of this controller that another client
// has changed or deleted.
func (c *controller) sliceChanged(old, slice *discoveryv1.EndpointSlice) []string {
	changed := slice
	if slice == nil {
		changed = old
	}
	if changed.Labels[discoveryv1.LabelManagedBy] != manager {
		if old == nil || old.Labels[discoveryv1.LabelManagedBy] != manager {
			return nil
		}
		changed = old
	}
	if slice == nil && (!c.written.Has(old) || c.written.HandleDeletion(old)) || changed == slice && !c.written.ShouldSync(slice) {
		return nil
	}
	key, err := endpointslice.ServiceControllerKey(changed)
	if err != nil {
		return nil
	}
	return []string{key}
}

// sync copies the Endpoints of a service, or deletes the slices if there is nothing to
// copy.
func (c *controller) sync(ctx context.Context, key string) error {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return err
	}
	endpoints, err := c.source(namespace, name)
	if err != nil {
		return err
	}
	selector := labels.Set{discoveryv1.LabelServiceName: name, discoveryv1.LabelManagedBy: manager}.AsSelectorPreValidated()
	existing, err := c.slices.EndpointSlices(namespace).List(selector)
	if err != nil {
		return err
	}
	if endpoints == nil {
		c.written.DeleteService(namespace, name)
		return c.write(ctx, namespace, changes{remove: existing})
	}
	if err := slicewrites.Seen(ctx, c.client.DiscoveryV1(), c.written, endpoints.ObjectMeta, selector, existing); err != nil {
		return err
	}
	return c.write(ctx, namespace, compare(endpoints, c.groups(endpoints), existing))
}

// source returns the Endpoints to copy, or nil.
func (c *controller) source(namespace, name string) (*corev1.Endpoints, error) {
	endpoints, err := c.endpoints.Endpoints(namespace).Get(name)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil || !mirrored(endpoints) {
		return nil, err
	}
	service, err := c.services.Services(namespace).Get(name)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil || service.Spec.Selector != nil {
		return nil, err
	}
	return endpoints, nil
}

// mirrored returns false for Endpoints whose owner does not want it, and for those that
// are used for leader election.
func mirrored(endpoints *corev1.Endpoints) bool {
	_, lock := endpoints.Annotations[resourcelock.LeaderElectionRecordAnnotationKey]
	return !lock && endpoints.Labels[discoveryv1.LabelSkipMirror] != "true"
}
