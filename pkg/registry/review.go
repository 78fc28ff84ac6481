package registry

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/authentication/user"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
)

// Review defines a resource that is a question: a client creates an object and
// gets it back with the answer. Nothing is stored, so that a dry run is nothing
// else.
type Review[T Object] struct {
	// GVR and Singular name the resource.
	GVR      schema.GroupVersionResource
	Singular string
	// Namespaced is true for a question about one namespace.
	Namespaced bool
	// New returns an empty object.
	New func() T
	// Validate returns every mistake in the question, if not nil.
	Validate func(review T) field.ErrorList
	// Require refuses a question that cannot be asked in this request, with the
	// error for the client, if not nil. It follows Validate.
	Require func(ctx context.Context, review T) error
	// Answer returns what the client gets: the review with its status filled in
	// or another object. Admission has let the question pass.
	Answer func(ctx context.Context, review T) (T, error)
}

// Info implements Definition.
func (r *Review[T]) Info() Info {
	return Info{
		GVR: r.GVR, Versions: []schema.GroupVersion{r.GVR.GroupVersion()},
		New: func() runtime.Object { return r.New() },
	}
}

// FieldLabels implements Definition: there is nothing to select from.
func (r *Review[T]) FieldLabels(string) []string { return nil }

// Storage implements Definition.
func (r *Review[T]) Storage(Deps) (map[string]rest.Storage, error) {
	return map[string]rest.Storage{r.GVR.Resource: &reviewREST[T]{r}}, nil
}

// Caller returns the user who sent the request. The error is a bad request.
func Caller(ctx context.Context) (user.Info, error) {
	caller, ok := genericapirequest.UserFrom(ctx)
	if !ok {
		return nil, apierrors.NewBadRequest("no user present on request")
	}
	return caller, nil
}

// reviewREST answers create requests. It has no table convertor: asked for a
// table, kube-apiserver says 406.
type reviewREST[T Object] struct{ review *Review[T] }

var (
	_ Definition                = (*Review[*metav1.PartialObjectMetadata])(nil)
	_ rest.Creater              = (*reviewREST[*metav1.PartialObjectMetadata])(nil)
	_ rest.Scoper               = (*reviewREST[*metav1.PartialObjectMetadata])(nil)
	_ rest.SingularNameProvider = (*reviewREST[*metav1.PartialObjectMetadata])(nil)
)

func (r *reviewREST[T]) New() runtime.Object     { return r.review.New() }
func (r *reviewREST[T]) Destroy()                {}
func (r *reviewREST[T]) NamespaceScoped() bool   { return r.review.Namespaced }
func (r *reviewREST[T]) GetSingularName() string { return r.review.Singular }

// Create implements rest.Creater. An error about an invalid review names only
// the group, as kube-apiserver's.
func (r *reviewREST[T]) Create(ctx context.Context, obj runtime.Object, admit rest.ValidateObjectFunc, _ *metav1.CreateOptions) (runtime.Object, error) {
	review, ok := obj.(T)
	if !ok {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("not a %s: %T", r.review.Singular, obj))
	}
	if validate := r.review.Validate; validate != nil {
		if errs := validate(review); len(errs) > 0 {
			return nil, apierrors.NewInvalid(schema.GroupKind{Group: r.review.GVR.Group}, "", errs)
		}
	}
	if require := r.review.Require; require != nil {
		if err := require(ctx, review); err != nil {
			return nil, err
		}
	}
	if admit != nil {
		if err := admit(ctx, review.DeepCopyObject()); err != nil {
			return nil, err
		}
	}
	answer, err := r.review.Answer(ctx, review)
	if err != nil {
		return nil, err
	}
	return answer, nil
}
