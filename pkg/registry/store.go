package registry

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/generic"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/util/dryrun"
)

// REST serves a resource: the generic store with the names for discovery.
type REST struct {
	*genericregistry.Store
	// Versions are the group versions in which the resource is served.
	Versions               []schema.GroupVersion
	shortNames, categories []string
}

var (
	_ Definition              = (*Resource[*metav1.PartialObjectMetadata])(nil)
	_ rest.StandardStorage    = (*REST)(nil)
	_ rest.ShortNamesProvider = (*REST)(nil)
	_ rest.CategoriesProvider = (*REST)(nil)
)

// ShortNames implements rest.ShortNamesProvider.
func (r *REST) ShortNames() []string { return r.shortNames }

// Categories implements rest.CategoriesProvider.
func (r *REST) Categories() []string { return r.categories }

// Storage implements Definition.
func (r *Resource[T]) Storage(deps Deps) (map[string]rest.Storage, error) {
	store, err := r.store(deps)
	if err != nil {
		return nil, fmt.Errorf("storage of %s: %w", r.GVR.GroupResource(), err)
	}
	main := &REST{store, r.versions(), r.ShortNames, r.Categories}
	storage := map[string]rest.Storage{r.GVR.Resource: main}
	if r.Wrap != nil {
		storage[r.GVR.Resource] = r.Wrap(main, deps)
	}
	for name := range r.Facets {
		storage[r.GVR.Resource+"/"+name] = r.facetStorage(main, deps, name)
	}
	if r.Subresources != nil {
		for name, sub := range r.Subresources(main, deps) {
			storage[r.GVR.Resource+"/"+name] = sub
		}
	}
	return storage, nil
}

func (r *Resource[T]) store(deps Deps) (*genericregistry.Store, error) {
	gr := r.GVR.GroupResource()
	s := r.strategy(deps.Scheme, r.facet(""))
	store := &genericregistry.Store{
		NewFunc:                   func() runtime.Object { return r.New() },
		NewListFunc:               r.NewList,
		DefaultQualifiedResource:  gr,
		SingularQualifiedResource: schema.GroupResource{Group: gr.Group, Resource: r.Singular},
		PredicateFunc:             r.predicate,
		CreateStrategy:            s,
		UpdateStrategy:            s,
		DeleteStrategy:            s,
		ResetFieldsStrategy:       s,
		ReturnDeletedObject:       r.ReturnDeletedObject,
		TableConvertor:            NewTable(r.Columns, r.RowConditions),
	}
	if r.Columns == nil {
		store.TableConvertor = rest.NewDefaultTableConvertor(gr)
	}
	if r.GracefulDelete != nil {
		store.DeleteStrategy = gracefulStrategy[T]{s}
	}
	if deps.InForce != nil {
		awaitAdmission(store, func(obj runtime.Object) { deps.InForce(gr, obj.(T)) })
	}
	if r.Customize != nil {
		r.Customize(store, deps)
	}
	triggers, indexers := r.triggers()
	return store, store.CompleteWithOptions(&generic.StoreOptions{
		RESTOptions: deps.RESTOptions,
		AttrFunc:    r.attributes,
		TriggerFunc: triggers,
		Indexers:    indexers,
	})
}

// awaitAdmission makes the store call a function after each write that is not a
// dry run.
func awaitAdmission(store *genericregistry.Store, await func(obj runtime.Object)) {
	store.AfterCreate = func(obj runtime.Object, options *metav1.CreateOptions) {
		if !dryrun.IsDryRun(options.DryRun) {
			await(obj)
		}
	}
	store.AfterUpdate = func(obj runtime.Object, options *metav1.UpdateOptions) {
		if !dryrun.IsDryRun(options.DryRun) {
			await(obj)
		}
	}
	store.AfterDelete = func(obj runtime.Object, options *metav1.DeleteOptions) {
		if !dryrun.IsDryRun(options.DryRun) {
			await(obj)
		}
	}
}
