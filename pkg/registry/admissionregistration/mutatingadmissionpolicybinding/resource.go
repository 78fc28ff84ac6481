// Package mutatingadmissionpolicybinding defines the bindings of mutating admission
// policies, which put them in force for some objects and with some parameters.
package mutatingadmissionpolicybinding

import (
	"context"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	admissionregistrationv1alpha1 "k8s.io/api/admissionregistration/v1alpha1"
	admissionregistrationv1beta1 "k8s.io/api/admissionregistration/v1beta1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/admissionregistration/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/params"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/policies"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
)

type object = *admissionregistrationv1.MutatingAdmissionPolicyBinding

// New defines bindings of mutating policies.
func New(needs params.Needs) *registry.Resource[object] {
	validate := func(ctx context.Context, b object) field.ErrorList { return validate(ctx, b, needs) }
	return &registry.Resource[object]{
		GVR: admissionregistrationv1.SchemeGroupVersion.WithResource("mutatingadmissionpolicybindings"),
		Versions: []schema.GroupVersion{
			admissionregistrationv1.SchemeGroupVersion, admissionregistrationv1beta1.SchemeGroupVersion, admissionregistrationv1alpha1.SchemeGroupVersion,
		},
		StorageVersion: "v1beta1",
		Singular:       "mutatingadmissionpolicybinding",
		Categories:     []string{"api-extensions"},
		ClusterScoped:  true,
		New:            func() object { return &admissionregistrationv1.MutatingAdmissionPolicyBinding{} },
		NewList:        func() runtime.Object { return &admissionregistrationv1.MutatingAdmissionPolicyBindingList{} },
		Parts: registry.Parts[object]{
			Spec:        registry.Part(func(b object) *admissionregistrationv1.MutatingAdmissionPolicyBindingSpec { return &b.Spec }),
			Generations: true,
		},
		ConditionalUpdate: true,
		ValidateName:      apivalidation.NameIsDNSSubdomain,
		AnyFinalizer:      true,
		Hooks: registry.Hooks[object]{
			Validate:       validate,
			OnUpdate:       []registry.Rule{registry.Metadata, registry.Change},
			ValidateUpdate: func(ctx context.Context, b, _ object) field.ErrorList { return validate(ctx, b) },
		},
		Columns: policies.BindingColumns(func(b object) (string, *admissionregistrationv1.ParamRef) { return b.Spec.PolicyName, b.Spec.ParamRef }),
	}
}

// validate checks a new or a changed binding.
func validate(ctx context.Context, b object, needs params.Needs) field.ErrorList {
	s := &b.Spec
	common := validation.Binding{PolicyName: s.PolicyName, ParamRef: s.ParamRef, MatchResources: s.MatchResources, Mutates: true}
	if errs := common.Validate(policies.Spec); len(errs) > 0 {
		return errs
	}
	return needs.MayReadRef(ctx, s.ParamRef, s.PolicyName, kindOf, policies.Spec.Child("paramRef"))
}

func kindOf(ctx context.Context, access *objects.Access, policy string) (*admissionregistrationv1.ParamKind, error) {
	found, err := objects.GetLive[*admissionregistrationv1.MutatingAdmissionPolicy](ctx, access,
		admissionregistrationv1.Resource("mutatingadmissionpolicies"), "", policy)
	if err != nil {
		return nil, err
	}
	return found.Spec.ParamKind, nil
}
