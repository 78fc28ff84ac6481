// Package resourceclaim defines resource claims: requests for devices, and in
// their status the devices that the scheduler allocated, the pods that may use
// them, and what their drivers report.
package resourceclaim

import (
	"context"
	"strings"

	resourcev1 "k8s.io/api/resource/v1"
	resourcev1beta1 "k8s.io/api/resource/v1beta1"
	resourcev1beta2 "k8s.io/api/resource/v1beta2"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/authorization/authorizer"

	resourcevalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/resource/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/resource/claims"
)

type object = *resourcev1.ResourceClaim

// Needs is what resource claims depend on.
type Needs struct {
	// Authorizer decides who may write which part of the status.
	Authorizer authorizer.Authorizer
}

// New returns the definition of resource claims.
func New(needs Needs) *registry.Resource[object] {
	access := &claims.AdminAccess{}
	status := statusRules{access, needs.Authorizer}
	return &registry.Resource[object]{
		GVR:                 resourcev1.SchemeGroupVersion.WithResource("resourceclaims"),
		Versions:            []schema.GroupVersion{resourcev1.SchemeGroupVersion, resourcev1beta2.SchemeGroupVersion, resourcev1beta1.SchemeGroupVersion},
		Singular:            "resourceclaim",
		New:                 func() object { return &resourcev1.ResourceClaim{} },
		NewList:             func() runtime.Object { return &resourcev1.ResourceClaimList{} },
		ReturnDeletedObject: true,
		Parts: registry.Parts[object]{
			Spec:   registry.Part(func(c object) *resourcev1.ResourceClaimSpec { return &c.Spec }),
			Status: registry.Part(func(c object) *resourcev1.ResourceClaimStatus { return &c.Status }),
		},
		ValidateName: apivalidation.NameIsDNSSubdomain,
		Hooks: registry.Hooks[object]{
			PrepareForCreate: func(_ context.Context, c object) { features.Drop(&c.Spec, nil, claims.Gated) },
			PrepareForUpdate: func(_ context.Context, c, old object) { features.Drop(&c.Spec, &old.Spec, claims.Gated) },
			Validate: func(ctx context.Context, c object) field.ErrorList {
				return append(access.ValidateSpec(ctx, &c.Spec, c.Namespace), resourcevalidation.ValidateClaimSpec(&c.Spec, specPath)...)
			},
			OnUpdate:       []registry.Rule{registry.Metadata, registry.MetadataChange, registry.Change},
			ValidateUpdate: validateUpdate,
		},
		Facets: map[string]registry.Facet[object]{"status": {
			Metadata: registry.KeepUserMetadata(),
			Hooks:    registry.Hooks[object]{PrepareForUpdate: prepareStatus, ValidateUpdate: status.validate},
		}},
		Columns: []registry.Column[object]{
			registry.NameColumn[object](),
			{Name: "State", Description: "A summary of the current state (allocated, pending, reserved, etc.).", Cell: state},
			registry.AgeColumn[object](),
		},
		Customize: access.Customize,
	}
}

// state says what is known of a claim, and pending if nothing is.
func state(c object) any {
	var states []string
	if c.DeletionTimestamp != nil {
		states = append(states, "deleted")
	}
	if c.Status.Allocation != nil {
		states = append(states, "allocated")
	}
	if len(c.Status.ReservedFor) > 0 {
		states = append(states, "reserved")
	}
	if len(states) == 0 {
		return "pending"
	}
	return strings.Join(states, ",")
}
