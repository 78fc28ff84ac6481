// Package validatingadmissionpolicy defines admission policies that validate
// objects by CEL expressions (KEP-3488).
package validatingadmissionpolicy

import (
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/params"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/policies"
)

type object = *admissionregistrationv1.ValidatingAdmissionPolicy

// kind is what the hooks and the columns are made of.
var kind = policies.Kind[object]{Common: common, Validate: validate, Expressions: expressions}

// New defines validating policies. Their version v1beta1 is not served any more.
func New(needs params.Needs) *registry.Resource[object] {
	return &registry.Resource[object]{
		GVR:           admissionregistrationv1.SchemeGroupVersion.WithResource("validatingadmissionpolicies"),
		Singular:      "validatingadmissionpolicy",
		Categories:    []string{"api-extensions"},
		ClusterScoped: true,
		New:           func() object { return &admissionregistrationv1.ValidatingAdmissionPolicy{} },
		NewList:       func() runtime.Object { return &admissionregistrationv1.ValidatingAdmissionPolicyList{} },
		Parts: registry.Parts[object]{
			Spec:        registry.Part(func(p object) *admissionregistrationv1.ValidatingAdmissionPolicySpec { return &p.Spec }),
			Status:      registry.Part(func(p object) *admissionregistrationv1.ValidatingAdmissionPolicyStatus { return &p.Status }),
			Generations: true,
		},
		ConditionalUpdate: true,
		ValidateName:      apivalidation.NameIsDNSSubdomain,
		AnyFinalizer:      true,
		Hooks:             kind.Hooks(needs),
		Facets: map[string]registry.Facet[object]{"status": {
			Hooks:        registry.Hooks[object]{ValidateUpdate: validateStatusUpdate},
			Metadata:     registry.KeepUserMetadata(),
			ApplyCreates: true,
		}},
		Columns: kind.Columns(registry.Column[object]{
			Name: "Validations", Description: "Validations indicates the number of validation rules defined in this configuration",
			Cell: func(p object) any { return len(p.Spec.Validations) },
		}),
	}
}
