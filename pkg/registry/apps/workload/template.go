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
	// Of returns the template of an object. It is nil if the object has none.
	Of func(obj T) *corev1.PodTemplateSpec
	// Path is the path of the template, which warnings contain.
	Path *field.Path
	// AnyName leaves out the warning about names that are not valid as host names
	// of pods.
	AnyName bool
	// Warnings returns warnings about the rest of the object.
	Warnings func(obj T) []string
}

// Hooks adds to the hooks of a workload what all workloads do with their pod
// template: before the workload's own hooks it clears the fields whose feature is
// disabled, and it returns warnings about the template. On update there are
// warnings only if the generation has changed, which means that the spec has
// changed.
func (t Template[T]) Hooks(hooks registry.Hooks[T]) registry.Hooks[T] {
	create, update := hooks.PrepareForCreate, hooks.PrepareForUpdate
	hooks.PrepareForCreate = func(ctx context.Context, obj T) {
		podspec.DropDisabledFields(t.spec(obj), nil)
		if create != nil {
			create(ctx, obj)
		}
	}
	hooks.PrepareForUpdate = func(ctx context.Context, obj, old T) {
		podspec.DropDisabledFields(t.spec(obj), t.spec(old))
		if update != nil {
			update(ctx, obj, old)
		}
	}
	hooks.WarningsOnCreate = func(_ context.Context, obj T) []string {
		if t.AnyName {
			return t.warnings(obj)
		}
		return append(WarnOfName(obj.GetName()), t.warnings(obj)...)
	}
	hooks.WarningsOnUpdate = func(_ context.Context, obj, old T) []string {
		if obj.GetGeneration() == old.GetGeneration() {
			return nil
		}
		return t.warnings(obj)
	}
	return hooks
}

// spec returns the pod spec in the template of an object. It is empty if there
// is no template.
func (t Template[T]) spec(obj T) *corev1.PodSpec {
	if template := t.Of(obj); template != nil {
		return &template.Spec
	}
	return &corev1.PodSpec{}
}

func (t Template[T]) warnings(obj T) []string {
	var warnings []string
	if template := t.Of(obj); template != nil {
		warnings = podspec.PodTemplateWarnings(template, t.Path)
	}
	if t.Warnings != nil {
		warnings = append(warnings, t.Warnings(obj)...)
	}
	return warnings
}
