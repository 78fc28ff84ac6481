package apiextensions

import (
	"context"
	"fmt"
	"sync"
	"weak"

	internal "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"
)

// createStrategy is the strategy of the library with a validation that does not
// panic.
type createStrategy struct{ rest.RESTCreateStrategy }

// Validate implements rest.RESTCreateStrategy.
func (s createStrategy) Validate(ctx context.Context, obj runtime.Object) field.ErrorList {
	return validate(ctx, obj, func(obj runtime.Object) field.ErrorList { return s.RESTCreateStrategy.Validate(ctx, obj) })
}

// updateStrategy is the strategy of the library with a validation that does not
// panic. The library compares the schemas with those of the old object, which are
// packed.
type updateStrategy struct {
	rest.RESTUpdateStrategy
	last *lastUnpacked
}

// PrepareForUpdate implements rest.RESTUpdateStrategy. An apply that changes nothing but the
// managed fields updates to a copy of the old object, whose schemas are packed.
func (s updateStrategy) PrepareForUpdate(ctx context.Context, obj, old runtime.Object) {
	old = s.last.of(ctx, old)
	if crd, ok := obj.(*internal.CustomResourceDefinition); ok && hasPacked(crd) {
		*crd = *s.last.of(ctx, crd).(*internal.CustomResourceDefinition)
	}
	s.RESTUpdateStrategy.PrepareForUpdate(ctx, obj, old)
}

// ValidateUpdate implements rest.RESTUpdateStrategy.
func (s updateStrategy) ValidateUpdate(ctx context.Context, obj, old runtime.Object) field.ErrorList {
	old = s.last.of(ctx, old)
	return validate(ctx, obj, func(obj runtime.Object) field.ErrorList { return s.RESTUpdateStrategy.ValidateUpdate(ctx, obj, old) })
}

// WarningsOnUpdate implements rest.RESTUpdateStrategy.
func (s updateStrategy) WarningsOnUpdate(ctx context.Context, obj, old runtime.Object) []string {
	return s.RESTUpdateStrategy.WarningsOnUpdate(ctx, obj, s.last.of(ctx, old))
}

// lastUnpacked remembers the definition that was unpacked last, but does not keep it
// in memory: an update asks for the same one three times in succession.
type lastUnpacked struct {
	mu           sync.Mutex
	packed, full weak.Pointer[internal.CustomResourceDefinition]
}

// of returns a definition without packed schemas.
func (l *lastUnpacked) of(ctx context.Context, obj runtime.Object) runtime.Object {
	crd, ok := obj.(*internal.CustomResourceDefinition)
	if !ok {
		return obj
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.packed.Value() == crd {
		if full := l.full.Value(); full != nil {
			return full
		}
	}
	full, err := unpacked(crd)
	if err != nil {
		// Only a fault of the memory can damage a packed schema.
		utilruntime.HandleErrorWithContext(ctx, err, "A CustomResourceDefinition cannot be read", "name", crd.Name)
		return crd
	}
	l.packed, l.full = weak.Make(crd), weak.Make(full)
	return full
}

// validate calls the validation of the library, which panics for some invalid
// definitions: it reads the selectable fields from a schema that it has found
// to be invalid, for example because of x-kubernetes-preserve-unknown-fields:
// false. In that case, validate repeats the validation without selectable
// fields, which returns the errors about the schema.
func validate(ctx context.Context, obj runtime.Object, check func(runtime.Object) field.ErrorList) (errs field.ErrorList) {
	crd, ok := obj.(*internal.CustomResourceDefinition)
	if !ok {
		return check(obj)
	}
	errs, ok = attempt(ctx, crd, check)
	if ok {
		return errs
	}
	plain := crd.DeepCopy()
	plain.Spec.SelectableFields = nil
	for i := range plain.Spec.Versions {
		plain.Spec.Versions[i].SelectableFields = nil
	}
	if errs, _ = attempt(ctx, plain, check); len(errs) == 0 {
		errs = field.ErrorList{field.Invalid(field.NewPath("spec", "versions"), field.OmitValueType{}, "the schemas cannot be validated")}
	}
	return errs
}

// attempt calls the check. ok is false if the check has panicked.
func attempt(ctx context.Context, crd *internal.CustomResourceDefinition, check func(runtime.Object) field.ErrorList) (errs field.ErrorList, ok bool) {
	defer func() {
		if reason := recover(); reason != nil {
			utilruntime.HandleErrorWithContext(ctx, fmt.Errorf("%v", reason), "The validation of a CustomResourceDefinition panicked", "name", crd.Name)
		}
	}()
	return check(crd), true
}
