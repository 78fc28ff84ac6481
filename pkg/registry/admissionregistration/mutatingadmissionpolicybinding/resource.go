// Package mutatingadmissionpolicybinding defines the bindings of mutating admission
// policies, which put them in force for some objects and with some parameters.
package mutatingadmissionpolicybinding

import (
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	admissionregistrationv1alpha1 "k8s.io/api/admissionregistration/v1alpha1"
	admissionregistrationv1beta1 "k8s.io/api/admissionregistration/v1beta1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/admissionregistration/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/params"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/policies"
)

type object = *admissionregistrationv1.MutatingAdmissionPolicyBinding

// kind is what the hooks and the columns are made of.
var kind = policies.BindingKind[object, *admissionregistrationv1.MutatingAdmissionPolicy]{
	Common:   common,
	Policies: "mutatingadmissionpolicies",
	ParamKind: func(p *admissionregistrationv1.MutatingAdmissionPolicy) *admissionregistrationv1.ParamKind {
		return p.Spec.ParamKind
	},
}

// New defines bindings of mutating policies.
func New(needs params.Needs) *registry.Resource[object] {
	return &registry.Resource[object]{
		GVR: admissionregistrationv1.SchemeGroupVersion.WithResource("mutatingadmissionpolicybindings"),
		Versions: []schema.GroupVersion{
			admissionregistrationv1.SchemeGroupVersion, admissionregistrationv1beta1.SchemeGroupVersion, admissionregistrationv1alpha1.SchemeGroupVersion,
		},
		Singular:      "mutatingadmissionpolicybinding",
		Categories:    []string{"api-extensions"},
		ClusterScoped: true,
		New:           func() object { return &admissionregistrationv1.MutatingAdmissionPolicyBinding{} },
		NewList:       func() runtime.Object { return &admissionregistrationv1.MutatingAdmissionPolicyBindingList{} },
		Parts: registry.Parts[object]{
			Spec:        registry.Part(func(b object) *admissionregistrationv1.MutatingAdmissionPolicyBindingSpec { return &b.Spec }),
			Generations: true,
		},
		ConditionalUpdate: true,
		ValidateName:      apivalidation.NameIsDNSSubdomain,
		AnyFinalizer:      true,
		Hooks:             kind.Hooks(needs),
		Columns:           kind.Columns(),
	}
}

// common returns what a binding has in common with those of validating policies.
func common(b object) *validation.Binding {
	return &validation.Binding{PolicyName: b.Spec.PolicyName, ParamRef: b.Spec.ParamRef, MatchResources: b.Spec.MatchResources, Mutates: true}
}
