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

// Facet is a subresource that has the same objects as its resource, but another
// strategy. It can be read and updated, and an update changes only a part of the
// object. An update of the facet "status" leaves the spec as it is; an update of
// any other facet leaves the status as it is. The hook PrepareForUpdate restores
// whatever else the facet must not change.
type Facet[T Object] struct {
	Hooks[T]
	// WritesStatus is true for a facet with another name than "status" that writes
	// the status too, and so leaves the spec as it is.
	WritesStatus bool
	// Metadata says what a facet that writes the status keeps of the metadata.
	Metadata MetadataRule
	// UpdateOnly is true for a facet that cannot be read, but only updated by PUT.
	UpdateOnly bool
	// ApplyCreates is true if server-side apply to the facet creates an object that does not exist,
	// as it does to the resource itself. kube-apiserver does this for one status, which looks like an oversight.
	ApplyCreates bool
}

// facetUpdater updates a facet, facetREST also reads and patches it.
type (
	facetUpdater struct {
		store        *genericregistry.Store
		applyCreates bool
	}
	facetREST struct{ facetUpdater }
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

// facetStorage returns the storage of a facet: the store of the main resource
// with another strategy. The functions that the store calls at the begin of a
// write of the resource itself, such as those that allocate addresses, are not
// called for a facet.
func (r *Resource[T]) facetStorage(main *REST, deps Deps, name string) rest.Storage {
	f := r.facet(name)
	s := r.strategy(deps.Scheme, f)
	store := *main.Store
	store.UpdateStrategy, store.ResetFieldsStrategy = s, s
	store.BeginCreate, store.BeginUpdate = nil, nil
	updater := facetUpdater{&store, f.ApplyCreates}
	if f.UpdateOnly {
		return &updater
	}
	return &facetREST{updater}
}

// New implements rest.Storage.
func (f *facetUpdater) New() runtime.Object { return f.store.New() }

// Destroy implements rest.Storage; the underlying store belongs to the main resource.
func (f *facetUpdater) Destroy() {}

// Update implements rest.Updater. A subresource does not create its object, unless the facet says so.
func (f *facetUpdater) Update(ctx context.Context, name string, objInfo rest.UpdatedObjectInfo,
	createValidation rest.ValidateObjectFunc, updateValidation rest.ValidateObjectUpdateFunc,
	forceCreate bool, options *metav1.UpdateOptions) (runtime.Object, bool, error) {
	return f.store.Update(ctx, name, objInfo, createValidation, updateValidation, forceCreate && f.applyCreates, options)
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
