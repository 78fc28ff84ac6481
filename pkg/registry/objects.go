package registry

import (
	"context"
	"fmt"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
)

// Objects reads objects of the server itself, without a request: what
// authentication and authorization need to know of service accounts, secrets,
// pods or roles. It exists before the storage that it reads from. The zero
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
