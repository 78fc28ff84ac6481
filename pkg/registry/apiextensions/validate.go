package apiextensions

import (
	"context"
	"fmt"

	internal "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"
)

// createStrategy is the library's, made safe.
type createStrategy struct{ rest.RESTCreateStrategy }

// Validate implements rest.RESTCreateStrategy.
func (s createStrategy) Validate(ctx context.Context, obj runtime.Object) field.ErrorList {
	return validate(ctx, obj, func(obj runtime.Object) field.ErrorList { return s.RESTCreateStrategy.Validate(ctx, obj) })
}

// updateStrategy is the library's, made safe.
type updateStrategy struct{ rest.RESTUpdateStrategy }

// ValidateUpdate implements rest.RESTUpdateStrategy.
func (s updateStrategy) ValidateUpdate(ctx context.Context, obj, old runtime.Object) field.ErrorList {
	return validate(ctx, obj, func(obj runtime.Object) field.ErrorList { return s.RESTUpdateStrategy.ValidateUpdate(ctx, obj, old) })
}

// validate returns the mistakes in a definition also where the library panics:
// it looks for selectable fields in a schema that it has found to be wrong, as
// with x-kubernetes-preserve-unknown-fields: false. Without the selectable
// fields it says what is wrong.
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

// attempt reports false when the check panicked.
func attempt(ctx context.Context, crd *internal.CustomResourceDefinition, check func(runtime.Object) field.ErrorList) (errs field.ErrorList, ok bool) {
	defer func() {
		if reason := recover(); reason != nil {
			utilruntime.HandleErrorWithContext(ctx, fmt.Errorf("%v", reason), "The validation of a CustomResourceDefinition panicked", "name", crd.Name)
		}
	}()
	return check(crd), true
}
