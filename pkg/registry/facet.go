package registry

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// statusFacet is the name of the facet that writes the status.
const statusFacet = "status"

// Facet is a subresource that is the same object under another strategy: it can
// be read and updated, and an update changes only some of the object. The facet
// "status" keeps the spec, every other one keeps the status; Hooks narrow down
// what else may change.
type Facet[T Object] struct {
	Hooks[T]
	// WritesStatus makes a facet of another name keep the spec in place of the
	// status.
	WritesStatus bool
	// Metadata says what a facet that writes the status keeps of the metadata.
	Metadata MetadataRule
	// UpdateOnly is true for a facet that cannot be read, but only updated by PUT.
	UpdateOnly bool
}

// facetUpdater updates a facet, facetREST also reads and patches it.
type (
	facetUpdater struct{ store *genericregistry.Store }
	facetREST    struct{ facetUpdater }
)

var (
	_ rest.Updater             = (*facetUpdater)(nil)
	_ rest.ResetFieldsStrategy = (*facetUpdater)(nil)
	_ rest.Patcher             = (*facetREST)(nil)
	_ rest.TableConvertor      = (*facetREST)(nil)
)

// facet returns a facet by its name; the empty name is the resource itself.
func (r *Resource[T]) facet(name string) *Facet[T] {
	if name == "" {
		return &Facet[T]{Hooks: r.Hooks}
	}
	f := r.Facets[name]
	f.WritesStatus = f.WritesStatus || name == statusFacet
	return &f
}

// facetStorage returns the storage of a facet: the main resource's store under
// another strategy. What the store does around a write of the resource itself,
// such as allocating addresses, it does not do here.
func (r *Resource[T]) facetStorage(main *REST, deps Deps, name string) rest.Storage {
	f := r.facet(name)
	s := r.strategy(deps.Scheme, f)
	store := *main.Store
	store.UpdateStrategy, store.ResetFieldsStrategy = s, s
	store.BeginCreate, store.BeginUpdate = nil, nil
	updater := facetUpdater{&store}
	if f.UpdateOnly {
		return &updater
	}
	return &facetREST{updater}
}

// New implements rest.Storage.
func (f *facetUpdater) New() runtime.Object { return f.store.New() }

// Destroy implements rest.Storage; the underlying store belongs to the main resource.
func (f *facetUpdater) Destroy() {}

// Update implements rest.Updater. A subresource never creates its object.
func (f *facetUpdater) Update(ctx context.Context, name string, objInfo rest.UpdatedObjectInfo,
	createValidation rest.ValidateObjectFunc, updateValidation rest.ValidateObjectUpdateFunc,
	_ bool, options *metav1.UpdateOptions) (runtime.Object, bool, error) {
	return f.store.Update(ctx, name, objInfo, createValidation, updateValidation, false, options)
}

// GetResetFields implements rest.ResetFieldsStrategy.
func (f *facetUpdater) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return f.store.GetResetFields()
}

// Get implements rest.Getter.
func (f *facetREST) Get(ctx context.Context, name string, options *metav1.GetOptions) (runtime.Object, error) {
	return f.store.Get(ctx, name, options)
}

// ConvertToTable implements rest.TableConvertor.
func (f *facetREST) ConvertToTable(ctx context.Context, object, tableOptions runtime.Object) (*metav1.Table, error) {
	return f.store.ConvertToTable(ctx, object, tableOptions)
}
