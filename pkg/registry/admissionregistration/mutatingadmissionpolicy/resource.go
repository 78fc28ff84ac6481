// Package mutatingadmissionpolicy defines admission policies that change objects by
// CEL expressions (KEP-3962).
package mutatingadmissionpolicy

import (
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	admissionregistrationv1alpha1 "k8s.io/api/admissionregistration/v1alpha1"
	admissionregistrationv1beta1 "k8s.io/api/admissionregistration/v1beta1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/params"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/policies"
)

type object = *admissionregistrationv1.MutatingAdmissionPolicy

// kind is what the hooks and the columns are made of.
var kind = policies.Kind[object]{Common: common, Validate: validate, Expressions: expressions}

// New defines mutating policies.
func New(needs params.Needs) *registry.Resource[object] {
	return &registry.Resource[object]{
		GVR: admissionregistrationv1.SchemeGroupVersion.WithResource("mutatingadmissionpolicies"),
		Versions: []schema.GroupVersion{
			admissionregistrationv1.SchemeGroupVersion, admissionregistrationv1beta1.SchemeGroupVersion, admissionregistrationv1alpha1.SchemeGroupVersion,
		},
		Singular:      "mutatingadmissionpolicy",
		Categories:    []string{"api-extensions"},
		ClusterScoped: true,
		New:           func() object { return &admissionregistrationv1.MutatingAdmissionPolicy{} },
		NewList:       func() runtime.Object { return &admissionregistrationv1.MutatingAdmissionPolicyList{} },
		Parts: registry.Parts[object]{
			Spec:        registry.Part(func(p object) *admissionregistrationv1.MutatingAdmissionPolicySpec { return &p.Spec }),
			Generations: true,
		},
		ConditionalUpdate: true,
		ValidateName:      apivalidation.NameIsDNSSubdomain,
		AnyFinalizer:      true,
		Hooks:             kind.Hooks(needs),
		Columns: kind.Columns(registry.Column[object]{
			Name: "Mutations", Description: "Mutation indicates the number of mutations rules defined in this configuration",
			Cell: func(p object) any { return len(p.Spec.Mutations) },
		}),
	}
}
