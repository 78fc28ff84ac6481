package registry

import (
	"context"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage/names"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// strategy adapts a resource, or one of its facets, to the strategy interfaces
// of k8s.io/apiserver: it does what follows from the resource's Parts and calls
// the hooks.
type strategy[T Object] struct {
	*runtime.Scheme
	names.NameGenerator
	resource *Resource[T]
	// facet is the resource itself or one of its facets.
	facet *Facet[T]
}

// gracefulStrategy is a type of its own because graceful deletion is found by
// a type assertion: strategies without it must not have the method.
type gracefulStrategy[T Object] struct{ strategy[T] }

var (
	_ rest.RESTCreateStrategy              = strategy[*metav1.PartialObjectMetadata]{}
	_ rest.RESTUpdateStrategy              = strategy[*metav1.PartialObjectMetadata]{}
	_ rest.RESTDeleteStrategy              = strategy[*metav1.PartialObjectMetadata]{}
	_ rest.GarbageCollectionDeleteStrategy = strategy[*metav1.PartialObjectMetadata]{}
	_ rest.ResetFieldsStrategy             = strategy[*metav1.PartialObjectMetadata]{}
	_ rest.DeclarativeValidationStrategy   = strategy[*metav1.PartialObjectMetadata]{}
	_ rest.RESTGracefulDeleteStrategy      = gracefulStrategy[*metav1.PartialObjectMetadata]{}
)

func (r *Resource[T]) strategy(scheme *runtime.Scheme, facet *Facet[T]) strategy[T] {
	return strategy[T]{scheme, names.SimpleNameGenerator, r, facet}
}

func (s strategy[T]) NamespaceScoped() bool                    { return !s.resource.ClusterScoped }
func (s strategy[T]) AllowCreateOnUpdate(context.Context) bool { return s.resource.PutCreates }
func (s strategy[T]) AllowUnconditionalUpdate(context.Context) bool {
	return !s.resource.ConditionalUpdate
}

func (s strategy[T]) DefaultGarbageCollectionPolicy(context.Context) rest.GarbageCollectionPolicy {
	if s.resource.GarbageCollection == "" {
		return rest.DeleteDependents
	}
	return s.resource.GarbageCollection
}

// PrepareForCreate implements rest.RESTCreateStrategy.
func (s strategy[T]) PrepareForCreate(ctx context.Context, obj runtime.Object) {
	s.resource.PrepareNew(ctx, obj.(T))
}

// PrepareForUpdate implements rest.RESTUpdateStrategy.
func (s strategy[T]) PrepareForUpdate(ctx context.Context, obj, old runtime.Object) {
	s.resource.prepareChange(ctx, s.facet, obj.(T), old.(T))
}

// GetResetFields implements rest.ResetFieldsStrategy: the same fields in every
// version in which the resource is served.
func (s strategy[T]) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	paths := append(slices.Clone(s.facet.Resets), s.facet.Metadata.Resets...)
	if kept, name := s.resource.kept(s.facet); kept != nil {
		paths = append(paths, name)
	}
	if len(paths) == 0 {
		return nil
	}
	fields := fieldpath.NewSet()
	for _, path := range paths {
		var elements []any
		for name := range strings.SplitSeq(path, ".") {
			elements = append(elements, name)
		}
		fields.Insert(fieldpath.MakePathOrDie(elements...))
	}
	reset := map[fieldpath.APIVersion]*fieldpath.Set{}
	for _, version := range s.resource.versions() {
		reset[fieldpath.APIVersion(version.String())] = fields
	}
	return reset
}

func (s strategy[T]) WarningsOnCreate(ctx context.Context, obj runtime.Object) []string {
	if f := s.facet.WarningsOnCreate; f != nil {
		return f(ctx, obj.(T))
	}
	return nil
}

func (s strategy[T]) WarningsOnUpdate(ctx context.Context, obj, old runtime.Object) []string {
	if f := s.facet.WarningsOnUpdate; f != nil {
		return f(ctx, obj.(T), old.(T))
	}
	return nil
}

func (s strategy[T]) Canonicalize(obj runtime.Object) {
	if f := s.resource.Canonicalize; f != nil {
		f(obj.(T))
	}
}

func (s gracefulStrategy[T]) CheckGracefulDelete(ctx context.Context, obj runtime.Object, options *metav1.DeleteOptions) bool {
	return s.resource.GracefulDelete(ctx, obj.(T), options)
}
