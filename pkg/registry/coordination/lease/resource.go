// Package lease defines leases, with which processes elect a leader and nodes
// send heartbeats.
package lease

import (
	"context"

	coordinationv1 "k8s.io/api/coordination/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	genericfeatures "k8s.io/apiserver/pkg/features"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// Resource defines leases. Updates require a resource version, so that no
// process can take over a lease without having read its current state.
var Resource = &registry.Resource[*coordinationv1.Lease]{
	GVR:               coordinationv1.SchemeGroupVersion.WithResource("leases"),
	Singular:          "lease",
	New:               func() *coordinationv1.Lease { return &coordinationv1.Lease{} },
	NewList:           func() runtime.Object { return &coordinationv1.LeaseList{} },
	PutCreates:        true,
	ConditionalUpdate: true,
	ValidateName:      apivalidation.NameIsDNSSubdomain,
	AnyFinalizer:      true,
	Hooks: registry.Hooks[*coordinationv1.Lease]{
		PrepareForCreate: func(_ context.Context, lease *coordinationv1.Lease) { dropCoordination(lease, nil) },
		PrepareForUpdate: func(_ context.Context, lease, old *coordinationv1.Lease) { dropCoordination(lease, old) },
		Validate:         validate,
		ValidateUpdate:   func(ctx context.Context, lease, _ *coordinationv1.Lease) field.ErrorList { return validate(ctx, lease) },
	},
	Columns: []registry.Column[*coordinationv1.Lease]{
		registry.NameColumn[*coordinationv1.Lease](),
		{Name: "Holder", Description: registry.Doc(coordinationv1.LeaseSpec{}, "holderIdentity"),
			Cell: func(lease *coordinationv1.Lease) any { return ptr.Deref(lease.Spec.HolderIdentity, "") }},
		registry.AgeColumn[*coordinationv1.Lease](),
	},
}

// dropCoordination clears the fields for coordinated leader election if that
// feature is disabled, unless the old object uses them already.
func dropCoordination(lease, old *coordinationv1.Lease) {
	if features.Enabled(genericfeatures.CoordinatedLeaderElection) {
		return
	}
	if old == nil || (old.Spec.Strategy == nil && old.Spec.PreferredHolder == nil) {
		lease.Spec.Strategy, lease.Spec.PreferredHolder = nil, nil
	}
}
