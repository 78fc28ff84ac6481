// Package csinode defines csinodes.
package csinode

import (
	storagev1 "k8s.io/api/storage/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"

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
	// The status is that of the alpha feature CSIVolumeHealth, which nobody can
	// write: without it, kube-apiserver has no subresource for it either.
	Parts: registry.Parts[object]{
		Spec:   registry.Part(func(n object) *storagev1.CSINodeSpec { return &n.Spec }),
		Status: registry.Part(func(n object) *storagev1.CSINodeStatus { return &n.Status }),
	},
	ValidateName: apivalidation.NameIsDNSSubdomain,
	Hooks: registry.Hooks[object]{
		Validate:       validate,
		OnUpdate:       []registry.Rule{registry.Whole, registry.Change},
		ValidateUpdate: validateUpdate,
	},
	Columns: []registry.Column[object]{
		registry.NameColumn[object](),
		{Name: "Drivers", Type: "integer", Description: "Drivers indicates the number of CSI drivers registered on the node",
			Cell: func(n object) any { return int64(len(n.Spec.Drivers)) }},
		registry.AgeColumn[object](),
	},
}
