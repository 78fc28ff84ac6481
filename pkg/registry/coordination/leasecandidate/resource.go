// Package leasecandidate defines leasecandidates: the processes that want a
// lease, from which coordinated leader election chooses one (KEP-4355).
package leasecandidate

import (
	"context"

	coordinationv1alpha2 "k8s.io/api/coordination/v1alpha2"
	coordinationv1beta1 "k8s.io/api/coordination/v1beta1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	genericfeatures "k8s.io/apiserver/pkg/features"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type object = *coordinationv1beta1.LeaseCandidate

// Resource defines leasecandidates. Their names follow the rules for keys of
// config maps.
var Resource = &registry.Resource[object]{
	GVR:               coordinationv1beta1.SchemeGroupVersion.WithResource("leasecandidates"),
	Versions:          []schema.GroupVersion{coordinationv1beta1.SchemeGroupVersion, coordinationv1alpha2.SchemeGroupVersion},
	Gate:              genericfeatures.CoordinatedLeaderElection,
	Singular:          "leasecandidate",
	New:               func() object { return &coordinationv1beta1.LeaseCandidate{} },
	NewList:           func() runtime.Object { return &coordinationv1beta1.LeaseCandidateList{} },
	PutCreates:        true,
	ConditionalUpdate: true,
	ValidateName:      func(name string, _ bool) []string { return utilvalidation.IsConfigMapKey(name) },
	AnyFinalizer:      true,
	Hooks: registry.Hooks[object]{
		Validate: func(_ context.Context, c object) field.ErrorList { return validate(&c.Spec) },
		ValidateUpdate: func(_ context.Context, c, old object) field.ErrorList {
			return append(validate(&c.Spec), validateImmutable(&c.Spec, &old.Spec)...)
		},
	},
	Columns: []registry.Column[object]{
		registry.NameColumn[object](),
		{Name: "LeaseName", Description: registry.Doc(coordinationv1alpha2.LeaseCandidateSpec{}, "leaseName"),
			Cell: func(c object) any { return c.Spec.LeaseName }},
		// Without descriptions, as from kube-apiserver.
		{Name: "BinaryVersion", Cell: func(c object) any { return c.Spec.BinaryVersion }},
		{Name: "EmulationVersion", Cell: func(c object) any { return c.Spec.EmulationVersion }},
		registry.AgeColumn[object](),
	},
}
