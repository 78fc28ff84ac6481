// Package endpointslice implements the controller that keeps the EndpointSlices of
// each service with a selector. The work is done by the reconciler of
// k8s.io/endpointslice.
package endpointslice

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	discoveryv1client "k8s.io/client-go/kubernetes/typed/discovery/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	discoveryv1listers "k8s.io/client-go/listers/discovery/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/endpointslice"
	"k8s.io/endpointslice/topologycache"
	endpointsliceutil "k8s.io/endpointslice/util"
	"k8s.io/klog/v2"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/shared/selected"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/shared/slicewrites"
)

// Name is the name of the controller in kube-controller-manager.
const Name = "endpointslice-controller"

const (
	// manager is the value of the label endpointslice.kubernetes.io/managed-by of the
	// slices of this controller.
	manager = "endpointslice-controller.k8s.io"
	// perSlice is how many endpoints a slice has at most. It is the default of
	// kube-controller-manager's --max-endpoints-per-slice.
	perSlice = 100
)

// Controller returns the entry for the list of controllers.
func Controller() controllers.Controller {
	return controllers.Controller{
		Name:  Name,
		Alias: "endpointslice",
		Needs: []schema.GroupVersionResource{corev1.SchemeGroupVersion.WithResource("services"), corev1.SchemeGroupVersion.WithResource("pods"),
			corev1.SchemeGroupVersion.WithResource("nodes"), discoveryv1.SchemeGroupVersion.WithResource("endpointslices")},
		New: func(d controllers.Deps) *controllers.Loop {
			core, slices := d.Informers.Core().V1(), d.Informers.Discovery().V1().EndpointSlices()
			c := &controller{
				client:   d.Client.DiscoveryV1(),
				services: core.Services().Lister(), pods: core.Pods().Lister(), nodes: core.Nodes().Lister(), slices: slices.Lister(),
				written: endpointsliceutil.NewEndpointSliceTracker(), triggers: endpointsliceutil.NewTriggerTimeTracker(),
				topology: topologycache.NewTopologyCache(), events: controllers.NewEvents(d.Client.CoreV1(), "endpoint-slice-controller"),
			}
			c.reconciler = endpointslice.NewReconciler(d.Client, c.nodes, perSlice, c.written, c.topology, c.events, manager,
				endpointslice.WithPreferSameTrafficDistributionEnabled(true))
			return &controllers.Loop{
				Workers: 5,
				Retry:   time.Second,
				Watches: []controllers.Watch{
					controllers.On(core.Services().Informer(), controllers.Self[*corev1.Service]),
					controllers.OnChange(core.Pods().Informer(), selected.Services(c.services)),
					controllers.OnChange(core.Nodes().Informer(), c.nodeChanged),
					controllers.OnChange(slices.Informer(), c.sliceChanged),
				},
				Events: c.events,
				Sync:   c.sync,
			}
		},
	}
}

type controller struct {
	client     discoveryv1client.EndpointSlicesGetter
	services   corelisters.ServiceLister
	pods       corelisters.PodLister
	nodes      corelisters.NodeLister
	slices     discoveryv1listers.EndpointSliceLister
	written    *endpointsliceutil.EndpointSliceTracker
	triggers   *endpointsliceutil.TriggerTimeTracker
	topology   *topologycache.TopologyCache
	events     *controllers.Events
	reconciler *endpointslice.Reconciler
}

// nodeChanged counts the CPUs of the zones anew, and returns the services whose
// endpoints are unfairly distributed over them now.
func (c *controller) nodeChanged(_, _ *corev1.Node) []string {
	nodes, err := c.nodes.List(labels.Everything())
	if err != nil {
		return nil
	}
	c.topology.SetNodes(klog.Background(), nodes)
	return c.topology.GetOverloadedServices()
}

// sliceChanged returns the services of a slice of this controller that another client
// has changed or deleted, or that has become or is no more a slice of this controller.
func (c *controller) sliceChanged(old, slice *discoveryv1.EndpointSlice) (keys []string) {
	add := func(s *discoveryv1.EndpointSlice) {
		if key, err := endpointslice.ServiceControllerKey(s); err == nil {
			keys = append(keys, key)
		}
	}
	switch {
	case slice == nil:
		if c.reconciler.ManagedByController(old) && c.written.Has(old) && !c.written.HandleDeletion(old) {
			add(old)
		}
	case old == nil:
		if c.reconciler.ManagedByController(slice) && c.written.ShouldSync(slice) {
			add(slice)
		}
	case old.Labels[discoveryv1.LabelServiceName] != slice.Labels[discoveryv1.LabelServiceName]:
		add(old)
		add(slice)
	case c.reconciler.ManagedByChanged(old, slice), c.reconciler.ManagedByController(slice) && c.written.ShouldSync(slice):
		add(slice)
	}
	return keys
}

// sync writes the slices of a service. Those of a service that is gone are left to the
// garbage collector.
func (c *controller) sync(ctx context.Context, key string) error {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return err
	}
	service, err := c.services.Services(namespace).Get(name)
	if apierrors.IsNotFound(err) {
		c.triggers.DeleteService(namespace, name)
		c.reconciler.DeleteService(namespace, name)
		c.written.DeleteService(namespace, name)
		return nil
	}
	if err != nil || service.Spec.Type == corev1.ServiceTypeExternalName || service.Spec.Selector == nil {
		return err
	}
	pods, err := c.pods.Pods(namespace).List(labels.Set(service.Spec.Selector).AsSelectorPreValidated())
	if err != nil {
		return err
	}
	selector := labels.Set{discoveryv1.LabelServiceName: name, discoveryv1.LabelManagedBy: manager}.AsSelectorPreValidated()
	slices, err := c.slices.EndpointSlices(namespace).List(selector)
	if err != nil {
		return err
	}
	if err := slicewrites.Seen(ctx, c.client, c.written, service.ObjectMeta, selector, slices); err != nil {
		return err
	}
	trigger := c.triggers.ComputeEndpointLastChangeTriggerTime(namespace, service, pods)
	if err := c.reconciler.Reconcile(klog.FromContext(ctx), service, pods, slicewrites.Living(slices), trigger); err != nil {
		c.events.Eventf(service, corev1.EventTypeWarning, "FailedToUpdateEndpointSlices",
			"Error updating Endpoint Slices for Service %s/%s: %v", namespace, name, err)
		return err
	}
	return nil
}
