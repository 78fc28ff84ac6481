// Package validatingadmissionpolicybinding defines the bindings of validating
// admission policies, which put them in force for some objects and with some
// parameters.
package validatingadmissionpolicybinding

import (
	"context"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/params"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/policies"
)

type object = *admissionregistrationv1.ValidatingAdmissionPolicyBinding

// New defines bindings of validating policies. Their version v1beta1 is not served
// any more.
func New(needs params.Needs) *registry.Resource[object] {
	rules := rules{needs}
	return &registry.Resource[object]{
		GVR:           admissionregistrationv1.SchemeGroupVersion.WithResource("validatingadmissionpolicybindings"),
		Singular:      "validatingadmissionpolicybinding",
		Categories:    []string{"api-extensions"},
		ClusterScoped: true,
		New:           func() object { return &admissionregistrationv1.ValidatingAdmissionPolicyBinding{} },
		NewList:       func() runtime.Object { return &admissionregistrationv1.ValidatingAdmissionPolicyBindingList{} },
		Parts: registry.Parts[object]{
			Spec:        registry.Part(func(b object) *admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec { return &b.Spec }),
			Generations: true,
		},
		ConditionalUpdate: true,
		ValidateName:      apivalidation.NameIsDNSSubdomain,
		AnyFinalizer:      true,
		Hooks: registry.Hooks[object]{
			Validate:       rules.validate,
			OnUpdate:       []registry.Rule{registry.Metadata, registry.Change},
			ValidateUpdate: func(ctx context.Context, b, _ object) field.ErrorList { return rules.validate(ctx, b) },
		},
		Columns: policies.BindingColumns(func(b object) (string, *admissionregistrationv1.ParamRef) { return b.Spec.PolicyName, b.Spec.ParamRef }),
	}
}
