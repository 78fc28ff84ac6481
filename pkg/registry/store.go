package registry

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/generic"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// REST serves a resource: the generic store with the names for discovery.
type REST struct {
	*genericregistry.Store
	shortNames, categories []string
}

// StatusREST serves get, update and patch of the status subresource.
type StatusREST struct{ store *genericregistry.Store }

var (
	_ rest.StandardStorage     = (*REST)(nil)
	_ rest.ShortNamesProvider  = (*REST)(nil)
	_ rest.CategoriesProvider  = (*REST)(nil)
	_ rest.Updater             = (*StatusREST)(nil)
	_ rest.Patcher             = (*StatusREST)(nil)
	_ rest.ResetFieldsStrategy = (*StatusREST)(nil)
	_ rest.TableConvertor      = (*StatusREST)(nil)
)

// ShortNames implements rest.ShortNamesProvider.
func (r *REST) ShortNames() []string { return r.shortNames }

// Categories implements rest.CategoriesProvider.
func (r *REST) Categories() []string { return r.categories }

// NewStatusREST serves a store's objects for get and update, with the store's
// update strategy.
func NewStatusREST(store *genericregistry.Store) *StatusREST { return &StatusREST{store} }

// New implements rest.Storage.
func (s *StatusREST) New() runtime.Object { return s.store.New() }

// Destroy implements rest.Storage; the underlying store belongs to the main resource.
func (s *StatusREST) Destroy() {}

// Get implements rest.Getter.
func (s *StatusREST) Get(ctx context.Context, name string, options *metav1.GetOptions) (runtime.Object, error) {
	return s.store.Get(ctx, name, options)
}

// Update implements rest.Updater. A subresource never creates its object.
func (s *StatusREST) Update(ctx context.Context, name string, objInfo rest.UpdatedObjectInfo,
	createValidation rest.ValidateObjectFunc, updateValidation rest.ValidateObjectUpdateFunc,
	_ bool, options *metav1.UpdateOptions) (runtime.Object, bool, error) {
	return s.store.Update(ctx, name, objInfo, createValidation, updateValidation, false, options)
}

// GetResetFields implements rest.ResetFieldsStrategy.
func (s *StatusREST) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return s.store.GetResetFields()
}

// ConvertToTable implements rest.TableConvertor.
func (s *StatusREST) ConvertToTable(ctx context.Context, object, tableOptions runtime.Object) (*metav1.Table, error) {
	return s.store.ConvertToTable(ctx, object, tableOptions)
}

// Storage implements Definition.
func (r *Resource[T]) Storage(deps Deps) (map[string]rest.Storage, error) {
	store, err := r.store(deps)
	if err != nil {
		return nil, fmt.Errorf("storage of %s: %w", r.GVR.GroupResource(), err)
	}
	main := &REST{store, r.ShortNames, r.Categories}
	storage := map[string]rest.Storage{r.GVR.Resource: main}
	if r.Wrap != nil {
		storage[r.GVR.Resource] = r.Wrap(main, deps)
	}
	if r.Status != nil {
		storage[r.GVR.Resource+"/status"] = NewStatusREST(r.WithHooks(main, deps, r.Status))
	}
	if r.Subresources != nil {
		for name, sub := range r.Subresources(main, deps) {
			storage[r.GVR.Resource+"/"+name] = sub
		}
	}
	return storage, nil
}

// WithHooks returns the main resource's store with other update hooks, as a
// subresource needs it.
func (r *Resource[T]) WithHooks(main *REST, deps Deps, hooks *Hooks[T]) *genericregistry.Store {
	store := *main.Store
	s := r.strategy(deps.Scheme, hooks)
	store.UpdateStrategy, store.ResetFieldsStrategy = s, s
	return &store
}

func (r *Resource[T]) store(deps Deps) (*genericregistry.Store, error) {
	gr := r.GVR.GroupResource()
	s := r.strategy(deps.Scheme, &r.Hooks)
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
	if r.GracefulDelete != nil {
		store.DeleteStrategy = gracefulStrategy[T]{s}
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

var _ Definition = (*Resource[*metav1.PartialObjectMetadata])(nil)
