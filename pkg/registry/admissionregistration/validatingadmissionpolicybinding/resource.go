// Package validatingadmissionpolicybinding defines the bindings of validating
// admission policies, which put them in force for some objects and with some
// parameters.
package validatingadmissionpolicybinding

import (
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/admissionregistration/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/params"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/policies"
)

type object = *admissionregistrationv1.ValidatingAdmissionPolicyBinding

// kind is what the hooks and the columns are made of.
var kind = policies.BindingKind[object, *admissionregistrationv1.ValidatingAdmissionPolicy]{
	Common:   common,
	Validate: validate,
	Policies: "validatingadmissionpolicies",
	ParamKind: func(p *admissionregistrationv1.ValidatingAdmissionPolicy) *admissionregistrationv1.ParamKind {
		return p.Spec.ParamKind
	},
}

// New defines bindings of validating policies. Their version v1beta1 is not served
// any more.
func New(needs params.Needs) *registry.Resource[object] {
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
		Hooks:             kind.Hooks(needs),
		Columns:           kind.Columns(),
	}
}

// common returns what a binding has in common with those of mutating policies.
func common(b object) *validation.Binding {
	return &validation.Binding{PolicyName: b.Spec.PolicyName, ParamRef: b.Spec.ParamRef, MatchResources: b.Spec.MatchResources}
}
