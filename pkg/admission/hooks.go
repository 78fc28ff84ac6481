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

// Hooks are what a plugin does with the requests for a resource, by operation.
// A hook that is nil does nothing. A hook returns nil to admit the request, and
// otherwise the answer to the client, which Forbidden makes in most cases. T is
// the type of the objects, such as *corev1.Pod.
type Hooks[T runtime.Object] struct {
	// Create is for an object that is about to be created, be it by a POST, an
	// update or an apply. A mutating plugin may change it.
	Create func(ctx context.Context, a Attributes, obj T) error
	// Update is for an object that is about to take the place of the old one. A
	// mutating plugin may change it, but never the old one.
	Update func(ctx context.Context, a Attributes, obj, old T) error
	// Delete is for a stored object that is about to be deleted. In the deletion
	// of a collection it is called for each object, and the Attributes have no
	// name.
	Delete func(ctx context.Context, a Attributes, old T) error
	// Connect is for the options of a connection, such as
	// *corev1.PodExecOptions of pods/exec.
	Connect func(ctx context.Context, a Attributes, options T) error
}

// Rule has the hooks for the requests that it matches.
type Rule struct {
	// everything is true for a rule that matches all resources.
	everything  bool
	resource    schema.GroupResource
	subresource string
	hooks       map[Operation]hook
}

// hook is a hook with the objects taken out of the Attributes.
type hook func(context.Context, Attributes) error

// On returns the rule for a resource in all of its versions, such as
// corev1.Resource("pods"), or a subresource, such as
// corev1.Resource("pods/status"). A request for it with an object that is not a
// T is answered with 400.
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

// OnAll returns the rule for all resources and subresources, custom resources
// included, and some operations.
func OnAll(call func(context.Context, Attributes) error, operations ...Operation) Rule {
	r := Rule{everything: true, hooks: map[Operation]hook{}}
	for _, operation := range operations {
		r.hooks[operation] = call
	}
	return r
}

// match returns the hook for a request; nil without one.
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

// Forbidden returns the answer 403 to a request, with a reason.
func Forbidden(a Attributes, format string, args ...any) error {
	return apiadmission.NewForbidden(a, fmt.Errorf(format, args...))
}
