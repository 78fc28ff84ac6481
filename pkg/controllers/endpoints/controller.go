// Package endpoints implements the controller that keeps the Endpoints of each service
// with a selector: the addresses and ports of the pods that it selects.
package endpoints

import (
	"context"
	"maps"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	endpointsliceutil "k8s.io/endpointslice/util"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/shared/selected"
)

// Name is the name of the controller in kube-controller-manager.
const Name = "endpoints-controller"

const (
	// managedBy is a label whose value says that this controller writes the Endpoints.
	managedBy, manager = "endpoints.kubernetes.io/managed-by", "endpoint-controller"
	// leftovers is the key for looking for the Endpoints of services that were deleted
	// while the controller did not run.
	leftovers = ""
)

// Controller returns the entry for the list of controllers.
func Controller() controllers.Controller {
	return controllers.Controller{
		Name:  Name,
		Alias: "endpoint",
		Needs: []schema.GroupVersionResource{corev1.SchemeGroupVersion.WithResource("services"),
			corev1.SchemeGroupVersion.WithResource("pods"), corev1.SchemeGroupVersion.WithResource("endpoints")},
		New: func(d controllers.Deps) *controllers.Loop {
			core := d.Informers.Core().V1()
			services, pods, endpoints := core.Services(), core.Pods(), core.Endpoints()
			c := &controller{client: d.Client.CoreV1(), services: services.Lister(), pods: pods.Lister(), endpoints: endpoints.Lister(),
				triggers: endpointsliceutil.NewTriggerTimeTracker(), events: controllers.NewEvents(d.Client.CoreV1(), "endpoint-controller")}
			c.loop = &controllers.Loop{
				Workers: 5,
				Watches: []controllers.Watch{
					controllers.On(services.Informer(), controllers.Self[*corev1.Service]),
					controllers.OnChange(pods.Informer(), selected.Services(services.Lister())),
					controllers.OnChange(endpoints.Informer(), deleted),
				},
				First:  []string{leftovers},
				Events: c.events,
				Sync:   c.sync,
			}
			return c.loop
		},
	}
}

type controller struct {
	client    typedcorev1.EndpointsGetter
	services  corelisters.ServiceLister
	pods      corelisters.PodLister
	endpoints corelisters.EndpointsLister
	triggers  *endpointsliceutil.TriggerTimeTracker
	events    *controllers.Events
	loop      *controllers.Loop
}

// deleted returns the key of Endpoints that are gone. Changes by others are left alone
// until the service or its pods change.
func deleted(old, endpoints *corev1.Endpoints) []string {
	if endpoints != nil {
		return nil
	}
	return controllers.Self(old)
}

// sync writes the Endpoints of a service, or deletes those of a service that is gone.
func (c *controller) sync(ctx context.Context, key string) error {
	if key == leftovers {
		return c.addLeftovers()
	}
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return err
	}
	service, err := c.services.Services(namespace).Get(name)
	if apierrors.IsNotFound(err) {
		c.triggers.DeleteService(namespace, name)
		return ignoreNotFound(c.client.Endpoints(namespace).Delete(ctx, name, metav1.DeleteOptions{}))
	}
	if err != nil || service.Spec.Type == corev1.ServiceTypeExternalName || service.Spec.Selector == nil {
		return err
	}
	pods, err := c.pods.Pods(namespace).List(labels.Set(service.Spec.Selector).AsSelectorPreValidated())
	if err != nil {
		return err
	}
	trigger := c.triggers.ComputeEndpointLastChangeTriggerTime(namespace, service, pods)
	current, err := c.endpoints.Endpoints(namespace).Get(name)
	exists := !apierrors.IsNotFound(err)
	if !exists {
		current = &corev1.Endpoints{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	} else if err != nil {
		return err
	}
	wanted, truncated := current.DeepCopy(), false
	wanted.Labels = labelsFor(service)
	wanted.Subsets, truncated = truncate(subsets(service, pods))
	annotate(wanted, trigger, truncated)
	if exists && apiequality.Semantic.DeepEqual(wanted.Subsets, sorted(current.Subsets)) && maps.Equal(wanted.Labels, current.Labels) &&
		current.Annotations[corev1.EndpointsOverCapacity] == wanted.Annotations[corev1.EndpointsOverCapacity] {
		return nil
	}
	return c.write(ctx, wanted, exists)
}

// write creates or updates Endpoints.
func (c *controller) write(ctx context.Context, wanted *corev1.Endpoints, exists bool) error {
	client := c.client.Endpoints(wanted.Namespace)
	if !exists {
		_, err := client.Create(ctx, wanted, metav1.CreateOptions{})
		switch {
		case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
			return nil
		case err != nil:
			c.events.Eventf(wanted, corev1.EventTypeWarning, "FailedToCreateEndpoint", "Failed to create endpoint for service %v/%v: %v",
				wanted.Namespace, wanted.Name, err)
		}
		return err
	}
	_, err := client.Update(ctx, wanted, metav1.UpdateOptions{})
	if err != nil {
		c.events.Eventf(wanted, corev1.EventTypeWarning, "FailedToUpdateEndpoint", "Failed to update endpoint %v/%v: %v", wanted.Namespace, wanted.Name, err)
	}
	return err
}

// addLeftovers adds the keys of all Endpoints, except those that are used for leader
// election and never had a service.
func (c *controller) addLeftovers() error {
	all, err := c.endpoints.List(labels.Everything())
	for _, endpoints := range all {
		if _, lock := endpoints.Annotations[resourcelock.LeaderElectionRecordAnnotationKey]; !lock {
			c.loop.Add(cache.MetaObjectToName(endpoints).String())
		}
	}
	return err
}

// labelsFor returns the labels of the Endpoints of a service.
func labelsFor(service *corev1.Service) map[string]string {
	all := map[string]string{}
	maps.Copy(all, service.Labels)
	delete(all, corev1.IsHeadlessService)
	if service.Spec.ClusterIP == corev1.ClusterIPNone || service.Spec.ClusterIP == "" {
		all[corev1.IsHeadlessService] = ""
	}
	all[managedBy] = manager
	return all
}

func ignoreNotFound(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
