package registry

import (
	"context"

	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
)

// Rule is a set of rules that an update has to satisfy. Which of them apply, and
// in which order, decides the order of the errors that a client reads. What two
// rules find stands twice among the causes of the Status: an update to a wrong
// label has three causes by the default rules, and four with Metadata or Whole.
type Rule int

const (
	// MetadataChange are the rules for changes of the metadata.
	MetadataChange Rule = iota
	// Metadata are the rules for the metadata of a new object.
	Metadata
	// Whole are all rules for a new object: those for its metadata and Validate.
	Whole
	// Change are the rules of the hook ValidateUpdate.
	Change
)

// maxErrors is how many mistakes of one request are reported. The library joins
// their texts one by one, which takes minutes for the 50,000 that 50 KB of empty
// containers make.
const maxErrors = 1000

// firstErrors returns the mistakes that are reported.
func firstErrors(errs field.ErrorList) field.ErrorList { return errs[:min(len(errs), maxErrors)] }

// Validate implements rest.RESTCreateStrategy.
func (s strategy[T]) Validate(ctx context.Context, obj runtime.Object) field.ErrorList {
	return firstErrors(s.resource.ValidateNew(ctx, obj.(T)))
}

// ValidateUpdate implements rest.RESTUpdateStrategy.
func (s strategy[T]) ValidateUpdate(ctx context.Context, obj, old runtime.Object) field.ErrorList {
	return firstErrors(s.resource.validateChange(ctx, s.facet, obj.(T), old.(T)))
}

// ValidateNew returns every mistake in a new object, but for those that the
// generated validation finds.
func (r *Resource[T]) ValidateNew(ctx context.Context, obj T) field.ErrorList {
	errs := r.validateMetadata(obj)
	if f := r.Hooks.Validate; f != nil {
		errs = append(errs, f(ctx, obj)...)
	}
	return errs
}

// ValidateChange returns every mistake in an update of the resource itself or,
// where facet is not empty, of that subresource, but for those that the
// generated validation finds.
func (r *Resource[T]) ValidateChange(ctx context.Context, facet string, obj, old T) field.ErrorList {
	return r.validateChange(ctx, r.facet(facet), obj, old)
}

func (r *Resource[T]) validateChange(ctx context.Context, f *Facet[T], obj, old T) (errs field.ErrorList) {
	rules := f.OnUpdate
	if rules == nil {
		rules = []Rule{MetadataChange, Change}
	}
	for _, rule := range rules {
		switch rule {
		case MetadataChange:
			errs = append(errs, r.validateMetadataChange(obj, old)...)
		case Metadata:
			errs = append(errs, r.validateMetadata(obj)...)
		case Whole:
			errs = append(errs, r.ValidateNew(ctx, obj)...)
		case Change:
			if validate := f.ValidateUpdate; validate != nil {
				errs = append(errs, validate(ctx, obj, old)...)
			}
		}
	}
	return errs
}

func (r *Resource[T]) validateMetadata(obj T) field.ErrorList {
	if r.ValidateName == nil {
		return nil
	}
	validate := metavalidation.ValidateObjectMeta
	if r.AnyFinalizer {
		validate = apivalidation.ValidateObjectMeta
	}
	return validate(objectMeta(obj), !r.ClusterScoped, r.ValidateName, field.NewPath("metadata"))
}

func (r *Resource[T]) validateMetadataChange(obj, old T) field.ErrorList {
	if r.ValidateName == nil {
		return nil
	}
	validate := metavalidation.ValidateObjectMetaUpdate
	if r.AnyFinalizer {
		validate = apivalidation.ValidateObjectMetaUpdate
	}
	return validate(objectMeta(obj), objectMeta(old), field.NewPath("metadata"))
}

// objectMeta returns the metadata that every API type embeds.
func objectMeta(obj metav1.Object) *metav1.ObjectMeta {
	return obj.(metav1.ObjectMetaAccessor).GetObjectMeta().(*metav1.ObjectMeta)
}
