package registry

import (
	"context"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Parts name the parts of an object. The adapter derives from them what every
// strategy does with the spec, the status and the generation, and which fields
// server-side apply regards as reset: a client writes the spec through the
// resource itself and the status through the facet "status".
type Parts[T Object] struct {
	// Spec and Status are the two parts, made by Part; nil for a type without.
	Spec, Status PartOf[T]
	// CreateWithStatus lets a client set the status of a new object.
	CreateWithStatus bool
	// Generations counts the changes of the spec in metadata.generation, which
	// starts at 1. Without it the generation stays what the client sent when it
	// created the object.
	Generations bool
	// AlsoCounts reports whether a change of something else than the spec counts
	// as a generation too.
	AlsoCounts func(obj, old T) bool
}

// PartOf is a part of an object: a field that is a structure.
type PartOf[T Object] interface {
	// clear sets the part to its zero value.
	clear(obj T)
	// keep sets the part to what it is in old.
	keep(obj, old T)
	// equal reports whether two objects have semantically the same in this part.
	equal(a, b T) bool
}

// Part is the part of a T that the function returns a pointer to.
func Part[T Object, P any](of func(obj T) *P) PartOf[T] { return part[T, P](of) }

type part[T Object, P any] func(obj T) *P

func (p part[T, P]) clear(obj T)       { *p(obj) = *new(P) }
func (p part[T, P]) keep(obj, old T)   { *p(obj) = *p(old) }
func (p part[T, P]) equal(a, b T) bool { return apiequality.Semantic.DeepEqual(p(a), p(b)) }

// PrepareNew prepares a new object for its validation: it clears the status,
// calls the hook PrepareForCreate and sets the generation.
func (r *Resource[T]) PrepareNew(ctx context.Context, obj T) {
	if r.Parts.Status != nil && !r.Parts.CreateWithStatus {
		r.Parts.Status.clear(obj)
	}
	if f := r.Hooks.PrepareForCreate; f != nil {
		f(ctx, obj)
	}
	if r.Parts.Generations {
		obj.SetGeneration(1)
	}
}

// PrepareChange prepares an updated object for its validation. facet is the name
// of the subresource through which it is updated, or empty for the resource
// itself. It restores the part that cannot be written there, calls the hook
// PrepareForUpdate and counts the generation.
func (r *Resource[T]) PrepareChange(ctx context.Context, facet string, obj, old T) {
	r.prepareChange(ctx, r.facet(facet), obj, old)
}

func (r *Resource[T]) prepareChange(ctx context.Context, f *Facet[T], obj, old T) {
	if part, _ := r.kept(f); part != nil {
		part.keep(obj, old)
	}
	if keep := f.Metadata.Keep; keep != nil {
		keep(obj, old)
	}
	if prepare := f.PrepareForUpdate; prepare != nil {
		prepare(ctx, obj, old)
	}
	r.Parts.count(obj, old)
}

// kept is the part that an update through a facet leaves as it was, and its name.
func (r *Resource[T]) kept(f *Facet[T]) (PartOf[T], string) {
	if f.WritesStatus {
		return r.Parts.Spec, "spec"
	}
	return r.Parts.Status, "status"
}

// count sets the generation of a changed object.
func (p *Parts[T]) count(obj, old T) {
	if !p.Generations {
		return
	}
	generation := old.GetGeneration()
	if p.Spec != nil && !p.Spec.equal(obj, old) || p.AlsoCounts != nil && p.AlsoCounts(obj, old) {
		generation++
	}
	obj.SetGeneration(generation)
}

// MetadataRule says which metadata an update of the status leaves as it was.
// The zero value leaves none: the status subresources of the oldest resources
// accept changes of labels and annotations.
type MetadataRule struct {
	// Keep sets the metadata that is kept.
	Keep func(obj, old metav1.Object)
	// Resets are the fields that Keep resets.
	Resets []string
}

// KeepMetadata leaves all metadata as it was, except for the managed fields.
func KeepMetadata() MetadataRule {
	return MetadataRule{Resets: []string{"metadata"}, Keep: func(obj, old metav1.Object) {
		managed, meta := obj.GetManagedFields(), objectMeta(obj)
		*meta = *objectMeta(old)
		meta.ManagedFields = managed
	}}
}

// KeepUserMetadata leaves the metadata that users write as it was: labels,
// annotations, finalizers and owner references. It is what
// metav1.ResetObjectMetaForStatus does.
func KeepUserMetadata() MetadataRule {
	return MetadataRule{Keep: metav1.ResetObjectMetaForStatus, Resets: []string{"metadata"}}
}

// OnlyForGarbageCollection reports whether two objects differ only in their
// owner references, finalizers and managed fields. Changes that the garbage collector
// makes need no rights but those to write the object.
func OnlyForGarbageCollection[T Object](obj, old T) bool {
	changed := obj.DeepCopyObject().(T)
	changed.SetOwnerReferences(old.GetOwnerReferences())
	changed.SetFinalizers(old.GetFinalizers())
	changed.SetManagedFields(old.GetManagedFields())
	return apiequality.Semantic.DeepEqual(changed, old)
}
