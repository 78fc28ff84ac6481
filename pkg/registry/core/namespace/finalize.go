package namespace

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// finalizeREST serves updates of spec.finalizers.
type finalizeREST struct{ store *genericregistry.Store }

var (
	_ rest.Updater             = (*finalizeREST)(nil)
	_ rest.ResetFieldsStrategy = (*finalizeREST)(nil)
)

// withFinalize adds the finalize subresource.
func withFinalize(r *registry.Resource[*corev1.Namespace]) *registry.Resource[*corev1.Namespace] {
	hooks := &registry.Hooks[*corev1.Namespace]{
		PrepareForUpdate: func(_ context.Context, ns, old *corev1.Namespace) { ns.Status = old.Status },
		ValidateUpdate:   validateFinalize,
		Canonicalize:     labelWithName,
		ResetFields:      registry.Reset("v1", []string{"status"}),
	}
	r.Subresources = func(main *registry.REST, deps registry.Deps) map[string]rest.Storage {
		return map[string]rest.Storage{"finalize": &finalizeREST{r.WithHooks(main, deps, hooks)}}
	}
	return r
}

// New implements rest.Storage.
func (f *finalizeREST) New() runtime.Object { return f.store.New() }

// Destroy implements rest.Storage; the underlying store belongs to the main resource.
func (f *finalizeREST) Destroy() {}

// Update implements rest.Updater.
func (f *finalizeREST) Update(ctx context.Context, name string, objInfo rest.UpdatedObjectInfo,
	createValidation rest.ValidateObjectFunc, updateValidation rest.ValidateObjectUpdateFunc,
	_ bool, options *metav1.UpdateOptions) (runtime.Object, bool, error) {
	return f.store.Update(ctx, name, objInfo, createValidation, updateValidation, false, options)
}

// GetResetFields implements rest.ResetFieldsStrategy.
func (f *finalizeREST) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return f.store.GetResetFields()
}
