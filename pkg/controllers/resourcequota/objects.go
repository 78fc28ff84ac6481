package resourcequota

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	resourcev1 "k8s.io/api/resource/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiquota "k8s.io/apiserver/pkg/quota/v1"
	"k8s.io/apiserver/pkg/quota/v1/generic"
	corev1informers "k8s.io/client-go/informers/core/v1"
	resourceinformers "k8s.io/client-go/informers/resource/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/tools/cache"

	"github.com/gatehouse-k8s/gatehouse/pkg/signals"
)

// listTimeout is how long a calculation waits until the objects of a resource are
// listed. The next attempt finds more of them.
const listTimeout = 10 * time.Second

// objects follows the objects of the resources that some quota limits, and of no
// others. Only one goroutine may use it.
type objects struct {
	client   kubernetes.Interface
	metadata metadata.Interface
	followed map[schema.GroupResource]*followed
	// updated and deleted are called after changes of objects.
	updated func(e apiquota.Evaluator, namespace string, old, obj runtime.Object)
	deleted func(namespace string)
}

func newObjects(client kubernetes.Interface, metadata metadata.Interface) *objects {
	return &objects{client: client, metadata: metadata, followed: map[schema.GroupResource]*followed{}}
}

// followed is the informer of a resource.
type followed struct {
	informer cache.SharedIndexInformer
	stop     context.CancelFunc
	// gone is true if the resource is not served any more.
	gone atomic.Bool
}

// lister returns a function that lists the objects of a resource in a namespace.
// The resource must be followed when the function is called.
func (o *objects) lister(resource schema.GroupVersionResource) generic.ListFuncByNamespace {
	return func(namespace string) ([]runtime.Object, error) {
		f := o.followed[resource.GroupResource()]
		if f == nil {
			return nil, fmt.Errorf("%s is not followed", resource.GroupResource())
		}
		items, err := f.informer.GetIndexer().ByIndex(cache.NamespaceIndex, namespace)
		if err != nil {
			return nil, err
		}
		list := make([]runtime.Object, 0, len(items))
		for _, item := range items {
			list = append(list, item.(runtime.Object))
		}
		return list, nil
	}
}

// follow starts to follow the resource of an evaluator, unless it is followed, and
// waits until its objects are known. It returns false if the resource is not served.
func (o *objects) follow(ctx context.Context, e apiquota.Evaluator) (bool, error) {
	resource := e.GroupResource()
	if f := o.followed[resource]; f != nil && f.gone.Load() {
		f.stop()
		delete(o.followed, resource)
	}
	if o.followed[resource] == nil {
		gvr, served, err := o.find(resource)
		if err != nil || !served {
			return false, err
		}
		if o.followed[resource], err = o.start(ctx, e, gvr); err != nil {
			return false, err
		}
	}
	if !signals.WaitFor(ctx, listTimeout, o.followed[resource].informer.HasSyncedChecker().Done()) {
		return false, fmt.Errorf("%s could not be listed yet", resource)
	}
	return true, nil
}

// keep stops following all other resources.
func (o *objects) keep(resources map[schema.GroupResource]bool) {
	for resource, f := range o.followed {
		if !resources[resource] {
			f.stop()
			delete(o.followed, resource)
		}
	}
}

// start starts the informer of a resource.
func (o *objects) start(ctx context.Context, e apiquota.Evaluator, resource schema.GroupVersionResource) (*followed, error) {
	f := &followed{informer: o.informer(resource)}
	handlers := cache.ResourceEventHandlerFuncs{DeleteFunc: func(obj any) { o.deleted(namespaceOf(obj)) }}
	switch resource.GroupResource() {
	case corev1.Resource("pods"), corev1.Resource("services"), corev1.Resource("persistentvolumeclaims"):
		handlers.UpdateFunc = func(old, obj any) { o.updated(e, namespaceOf(obj), old.(runtime.Object), obj.(runtime.Object)) }
	}
	if err := f.informer.SetTransform(withoutManagedFields); err != nil {
		return nil, err
	}
	err := f.informer.SetWatchErrorHandlerWithContext(func(ctx context.Context, r *cache.Reflector, err error) {
		if apierrors.IsNotFound(err) {
			f.gone.Store(true)
			return
		}
		cache.DefaultWatchErrorHandler(ctx, r, err)
	})
	if err != nil {
		return nil, err
	}
	if _, err := f.informer.AddEventHandler(handlers); err != nil {
		return nil, err
	}
	ctx, f.stop = context.WithCancel(ctx)
	go f.informer.RunWithContext(ctx)
	return f, nil
}

// informer returns an informer of whole objects where the evaluators need them, and
// otherwise one of their metadata.
func (o *objects) informer(resource schema.GroupVersionResource) cache.SharedIndexInformer {
	indexers := cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc}
	switch resource.GroupResource() {
	case corev1.Resource("pods"):
		return corev1informers.NewPodInformer(o.client, metav1.NamespaceAll, 0, indexers)
	case corev1.Resource("services"):
		return corev1informers.NewServiceInformer(o.client, metav1.NamespaceAll, 0, indexers)
	case corev1.Resource("persistentvolumeclaims"):
		return corev1informers.NewPersistentVolumeClaimInformer(o.client, metav1.NamespaceAll, 0, indexers)
	case resourcev1.Resource("resourceclaims"):
		return resourceinformers.NewResourceClaimInformer(o.client, metav1.NamespaceAll, 0, indexers)
	}
	return metadatainformer.NewFilteredMetadataInformer(o.metadata, resource, metav1.NamespaceAll, 0, indexers, nil).Informer()
}

// find returns a version in which the server has a resource that can be followed.
func (o *objects) find(resource schema.GroupResource) (schema.GroupVersionResource, bool, error) {
	groups, err := o.client.Discovery().ServerGroups()
	if err != nil {
		return schema.GroupVersionResource{}, false, err
	}
	for _, group := range groups.Groups {
		if group.Name != resource.Group {
			continue
		}
		for _, version := range group.Versions {
			list, err := o.client.Discovery().ServerResourcesForGroupVersion(version.GroupVersion)
			if err != nil && !apierrors.IsNotFound(err) {
				return schema.GroupVersionResource{}, false, err
			}
			if list != nil && slices.ContainsFunc(list.APIResources, func(r metav1.APIResource) bool {
				return r.Name == resource.Resource && r.Namespaced && slices.Contains(r.Verbs, "list") && slices.Contains(r.Verbs, "watch")
			}) {
				return resource.WithVersion(version.Version), true, nil
			}
		}
	}
	return schema.GroupVersionResource{}, false, nil
}

// withoutManagedFields makes the objects smaller.
func withoutManagedFields(obj any) (any, error) {
	if accessor, err := meta.Accessor(obj); err == nil {
		accessor.SetManagedFields(nil)
	}
	return obj, nil
}

// namespaceOf returns the namespace of the object of an event.
func namespaceOf(obj any) string {
	if tombstone, ok := obj.(cache.DeletedFinalStateUnknown); ok {
		obj = tombstone.Obj
	}
	accessor, err := meta.Accessor(obj)
	if err != nil {
		return ""
	}
	return accessor.GetNamespace()
}
