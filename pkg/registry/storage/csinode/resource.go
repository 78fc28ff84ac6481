// Package csinode defines csinodes.
package csinode

import (
	"context"

	storagev1 "k8s.io/api/storage/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type object = *storagev1.CSINode

// Resource defines csinodes.
var Resource = &registry.Resource[object]{
	GVR:                 storagev1.SchemeGroupVersion.WithResource("csinodes"),
	Singular:            "csinode",
	ClusterScoped:       true,
	New:                 func() object { return &storagev1.CSINode{} },
	NewList:             func() runtime.Object { return &storagev1.CSINodeList{} },
	ConditionalUpdate:   true,
	ReturnDeletedObject: true,
	ValidateName:        apivalidation.NameIsDNSSubdomain,
	Hooks: registry.Hooks[object]{
		PrepareForCreate: func(_ context.Context, n object) { features.Drop(n, nil, gated) },
		PrepareForUpdate: func(_ context.Context, n, old object) { features.Drop(n, old, gated) },
		Validate:         validate,
		OnUpdate:         []registry.Rule{registry.Whole, registry.Change},
		ValidateUpdate:   validateUpdate,
	},
	Columns: []registry.Column[object]{
		registry.NameColumn[object](),
		{Name: "Drivers", Type: "integer", Description: "Drivers indicates the number of CSI drivers registered on the node",
			Cell: func(n object) any { return int64(len(n.Spec.Drivers)) }},
		registry.AgeColumn[object](),
	},
}

// gated are the fields that need a feature gate.
var gated = []features.Gated[storagev1.CSINode]{
	{Gate: features.CSIVolumeHealth, Field: features.Slice(func(n object) *[]storagev1.StorageHealth { return &n.Status.StorageHealth })},
}
