package admission

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"
)

// Hooks contains the functions that a plugin calls for requests to a resource,
// one per operation. A nil hook admits the request. A hook returns nil to admit
// the request, and otherwise an error that is sent to the client, usually one
// that Forbidden returns. T is the type of the objects, such as *corev1.Pod.
type Hooks[T runtime.Object] struct {
	// Create is called for an object that is about to be created, whether by a
	// POST, an update or an apply request. A mutating plugin may change obj.
	Create func(ctx context.Context, a Attributes, obj T) error
	// Update is called for an object that is about to replace old. A mutating
	// plugin may change obj, but not old.
	Update func(ctx context.Context, a Attributes, obj, old T) error
	// Delete is called for a stored object that is about to be deleted. When a
	// collection is deleted, it is called for each object, and the Attributes
	// have no name.
	Delete func(ctx context.Context, a Attributes, old T) error
	// Connect is called with the options of a connection, such as
	// *corev1.PodExecOptions for pods/exec.
	Connect func(ctx context.Context, a Attributes, options T) error
}

// Rule contains the hooks for the requests that it matches.
type Rule struct {
	// everything is true if the rule matches all resources.
	everything  bool
	resource    schema.GroupResource
	subresource string
	hooks       map[Operation]hook
}

// hook is one of the Hooks, adapted to take the objects from the Attributes.
type hook func(context.Context, Attributes) error

// On returns a rule for a resource such as corev1.Resource("pods"), or a
// subresource such as corev1.Resource("pods/status"), in all versions. If the
// object of a request is not a T, the request is answered with 400.
func On[T runtime.Object](resource schema.GroupResource, hooks Hooks[T]) Rule {
	r := Rule{hooks: map[Operation]hook{}}
	name, subresource, _ := strings.Cut(resource.Resource, "/")
	r.resource, r.subresource = schema.GroupResource{Group: resource.Group, Resource: name}, subresource
	if hooks.Create != nil {
		r.hooks[Create] = withObject(Attributes.GetObject, hooks.Create)
	}
	if hooks.Update != nil {
		r.hooks[Update] = func(ctx context.Context, a Attributes) error {
			old, err := typed[T](a.GetOldObject())
			if err != nil {
				return err
			}
			update := func(ctx context.Context, a Attributes, obj T) error { return hooks.Update(ctx, a, obj, old) }
			return withObject(Attributes.GetObject, update)(ctx, a)
		}
	}
	if hooks.Delete != nil {
		r.hooks[Delete] = withObject(Attributes.GetOldObject, hooks.Delete)
	}
	if hooks.Connect != nil {
		r.hooks[Connect] = withObject(Attributes.GetObject, hooks.Connect)
	}
	return r
}

// OnAll returns a rule for the given operations on all resources and
// subresources, including custom resources.
func OnAll(call func(context.Context, Attributes) error, operations ...Operation) Rule {
	r := Rule{everything: true, hooks: map[Operation]hook{}}
	for _, operation := range operations {
		r.hooks[operation] = call
	}
	return r
}

// match returns the hook for a request, or nil if the rule has none.
func (r *Rule) match(a Attributes) hook {
	if !r.everything && (a.GetResource().GroupResource() != r.resource || a.GetSubresource() != r.subresource) {
		return nil
	}
	return r.hooks[a.GetOperation()]
}

func withObject[T runtime.Object](get func(Attributes) runtime.Object, call func(context.Context, Attributes, T) error) hook {
	return func(ctx context.Context, a Attributes) error {
		obj, err := typed[T](get(a))
		if err != nil {
			return err
		}
		return call(ctx, a, obj)
	}
}

func typed[T runtime.Object](obj runtime.Object) (T, error) {
	t, ok := obj.(T)
	if ok {
		return t, nil
	}
	kind := reflect.TypeFor[T]()
	if kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	return t, apierrors.NewBadRequest(fmt.Sprintf("Resource was marked with kind %s but was unable to be converted", kind.Name()))
}

// Forbidden returns an error that answers a request with 403 and a reason.
func Forbidden(a Attributes, format string, args ...any) error {
	return apiadmission.NewForbidden(a, fmt.Errorf(format, args...))
}
