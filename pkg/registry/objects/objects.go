// Package objects reads and writes objects of the server itself, without a
// request: what authentication and authorization need to know of service
// accounts, secrets, pods or roles, and what belongs to another object.
package objects

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
	"k8s.io/apimachinery/pkg/types"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
)

// Object is an API object with metadata.
type Object interface {
	runtime.Object
	metav1.Object
}

// Access finds the storage of the resources that are served. It is made before
// the storage, which Add fills in. Get and List read objects; Create and Delete
// write them and pass over admission. The zero value is ready for use.
type Access struct {
	mu      sync.RWMutex
	getters map[schema.GroupResource]rest.Getter
	// stillness is what Stillness asks, or nil.
	stillness func(schema.GroupResource) context.Context
}

// Add makes a resource readable.
func (o *Access) Add(resource schema.GroupResource, getter rest.Getter) {
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
func Get[T Object](ctx context.Context, o *Access, resource schema.GroupResource, namespace, name string) (T, error) {
	obj, err := get[T](ctx, o, resource, namespace, name, "0")
	if apierrors.IsNotFound(err) {
		return GetLive[T](ctx, o, resource, namespace, name)
	}
	return obj, err
}

// GetLive is Get from etcd, for what must not be a moment old.
func GetLive[T Object](ctx context.Context, o *Access, resource schema.GroupResource, namespace, name string) (T, error) {
	return get[T](ctx, o, resource, namespace, name, "")
}

func get[T Object](ctx context.Context, o *Access, resource schema.GroupResource, namespace, name, resourceVersion string) (none T, _ error) {
	getter, ok := Storage[rest.Getter](o, resource)
	if !ok {
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

// Storage returns the storage of a resource as a T, and false when the resource
// is not served or its storage is no T.
func Storage[T any](o *Access, resource schema.GroupResource) (T, bool) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	s, ok := o.getters[resource].(T)
	return s, ok
}

// request returns the storage of a resource that is served, and a context that
// is one of a request for it.
func request[T any](ctx context.Context, o *Access, resource schema.GroupVersionResource, namespace, name, verb string) (context.Context, T, error) {
	s, ok := Storage[T](o, resource.GroupResource())
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
func Create[T Object](ctx context.Context, o *Access, resource schema.GroupVersionResource, obj T) error {
	ctx, s, err := request[rest.Creater](ctx, o, resource, obj.GetNamespace(), obj.GetName(), "create")
	if err != nil {
		return err
	}
	_, err = s.Create(ctx, obj, rest.ValidateAllObjectFunc, &metav1.CreateOptions{})
	return err
}

// Delete deletes an object. If a UID is given, the object must have it. The
// error is that of a DELETE request.
func Delete(ctx context.Context, o *Access, resource schema.GroupVersionResource, namespace, name string, uid types.UID) error {
	ctx, s, err := request[rest.GracefulDeleter](ctx, o, resource, namespace, name, "delete")
	if err != nil {
		return err
	}
	options := &metav1.DeleteOptions{}
	if uid != "" {
		options.Preconditions = &metav1.Preconditions{UID: &uid}
	}
	_, _, err = s.Delete(ctx, name, rest.ValidateAllObjectFunc, options)
	return err
}

// List returns the objects with the labels, from the watch cache. They must not
// be changed.
func List[L runtime.Object](ctx context.Context, o *Access, resource schema.GroupVersionResource, namespace string, with labels.Set) (none L, _ error) {
	ctx, s, err := request[rest.Lister](ctx, o, resource, namespace, "", "list")
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
