package registry

import (
	"context"
	"fmt"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
)

// Objects reads objects of the server itself, without a request: what
// authentication and authorization need to know of service accounts, secrets,
// pods or roles. Create and Delete write them, past admission: for what belongs
// to another object. It exists before the storage that it reads from. The zero
// value is ready for use.
type Objects struct {
	mu      sync.RWMutex
	getters map[schema.GroupResource]rest.Getter
}

// Add makes a resource readable.
func (o *Objects) Add(resource schema.GroupResource, getter rest.Getter) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.getters == nil {
		o.getters = map[schema.GroupResource]rest.Getter{}
	}
	o.getters[resource] = getter
}

// Get returns an object from the watch cache, or, when it is not there (yet),
// from etcd. It must not be changed. The error is that of a GET request:
// NotFound also for a resource that is not served.
func Get[T Object](ctx context.Context, o *Objects, resource schema.GroupResource, namespace, name string) (T, error) {
	obj, err := get[T](ctx, o, resource, namespace, name, "0")
	if apierrors.IsNotFound(err) {
		return GetLive[T](ctx, o, resource, namespace, name)
	}
	return obj, err
}

// GetLive is Get from etcd, for what must not be a moment old.
func GetLive[T Object](ctx context.Context, o *Objects, resource schema.GroupResource, namespace, name string) (T, error) {
	return get[T](ctx, o, resource, namespace, name, "")
}

func get[T Object](ctx context.Context, o *Objects, resource schema.GroupResource, namespace, name, resourceVersion string) (none T, _ error) {
	o.mu.RLock()
	getter := o.getters[resource]
	o.mu.RUnlock()
	if getter == nil {
		return none, apierrors.NewNotFound(resource, name)
	}
	obj, err := getter.Get(genericapirequest.WithNamespace(ctx, namespace), name, &metav1.GetOptions{ResourceVersion: resourceVersion})
	if apierrors.IsNotFound(err) {
		// The storage takes the resource from the request in the context, which
		// is for another one.
		return none, apierrors.NewNotFound(resource, name)
	}
	if err != nil {
		return none, err
	}
	typed, ok := obj.(T)
	if !ok {
		return none, fmt.Errorf("%s %q is a %T", resource, name, obj)
	}
	return typed, nil
}

// storage returns the storage of a resource that is served, and a context that
// is one of a request for it.
func storage[T any](ctx context.Context, o *Objects, resource schema.GroupVersionResource, namespace, name, verb string) (context.Context, T, error) {
	o.mu.RLock()
	getter := o.getters[resource.GroupResource()]
	o.mu.RUnlock()
	s, ok := getter.(T)
	if !ok {
		return ctx, s, apierrors.NewNotFound(resource.GroupResource(), name)
	}
	ctx = genericapirequest.WithRequestInfo(genericapirequest.WithNamespace(ctx, namespace), &genericapirequest.RequestInfo{
		IsResourceRequest: true, Verb: verb,
		APIGroup: resource.Group, APIVersion: resource.Version, Resource: resource.Resource, Namespace: namespace, Name: name,
	})
	return ctx, s, nil
}

// Create creates an object, which is defaulted already. The error is that of a
// POST request.
func Create[T Object](ctx context.Context, o *Objects, resource schema.GroupVersionResource, obj T) error {
	ctx, s, err := storage[rest.Creater](ctx, o, resource, obj.GetNamespace(), obj.GetName(), "create")
	if err != nil {
		return err
	}
	_, err = s.Create(ctx, obj, rest.ValidateAllObjectFunc, &metav1.CreateOptions{})
	return err
}

// Delete deletes an object. The error is that of a DELETE request.
func Delete(ctx context.Context, o *Objects, resource schema.GroupVersionResource, namespace, name string) error {
	ctx, s, err := storage[rest.GracefulDeleter](ctx, o, resource, namespace, name, "delete")
	if err != nil {
		return err
	}
	_, _, err = s.Delete(ctx, name, rest.ValidateAllObjectFunc, &metav1.DeleteOptions{})
	return err
}

// List returns the objects with the labels, from the watch cache. They must not
// be changed.
func List[L runtime.Object](ctx context.Context, o *Objects, resource schema.GroupVersionResource, namespace string, with labels.Set) (none L, _ error) {
	ctx, s, err := storage[rest.Lister](ctx, o, resource, namespace, "", "list")
	if err != nil {
		return none, err
	}
	obj, err := s.List(ctx, &metainternalversion.ListOptions{LabelSelector: labels.SelectorFromSet(with)})
	if err != nil {
		return none, err
	}
	list, ok := obj.(L)
	if !ok {
		return none, fmt.Errorf("%s are a %T", resource, obj)
	}
	return list, nil
}
