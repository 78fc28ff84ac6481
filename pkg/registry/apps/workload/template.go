package workload

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/podspec"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// Template gives access to the pod template of a workload.
type Template[T registry.Object] struct {
	// Of returns the template of an object.
	Of func(obj T) *corev1.PodTemplateSpec
	// Path is the path of the template, which warnings contain.
	Path *field.Path
}

// Hooks adds to the hooks of a workload what all workloads do with their pod
// template: it clears the fields whose feature is disabled, and returns
// warnings about the template. On update there are warnings only if the
// generation has changed, which means that the spec has changed.
func (t Template[T]) Hooks(hooks registry.Hooks[T]) registry.Hooks[T] {
	hooks.PrepareForCreate = func(_ context.Context, obj T) { podspec.DropDisabledFields(&t.Of(obj).Spec, nil) }
	hooks.PrepareForUpdate = func(_ context.Context, obj, old T) { podspec.DropDisabledFields(&t.Of(obj).Spec, &t.Of(old).Spec) }
	hooks.WarningsOnCreate = func(_ context.Context, obj T) []string {
		return append(WarnOfName(obj.GetName()), podspec.PodTemplateWarnings(t.Of(obj), t.Path)...)
	}
	hooks.WarningsOnUpdate = func(_ context.Context, obj, old T) []string {
		if obj.GetGeneration() == old.GetGeneration() {
			return nil
		}
		return podspec.PodTemplateWarnings(t.Of(obj), t.Path)
	}
	return hooks
}
