// Package csidriver defines csidrivers.
package csidriver

import (
	"context"
	"strings"

	storagev1 "k8s.io/api/storage/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type object = *storagev1.CSIDriver

// Resource defines csidrivers.
var Resource = &registry.Resource[object]{
	GVR:                 storagev1.SchemeGroupVersion.WithResource("csidrivers"),
	Singular:            "csidriver",
	ClusterScoped:       true,
	New:                 func() object { return &storagev1.CSIDriver{} },
	NewList:             func() runtime.Object { return &storagev1.CSIDriverList{} },
	ConditionalUpdate:   true,
	ReturnDeletedObject: true,
	ValidateName:        apivalidation.NameIsDNSSubdomain,
	Hooks: registry.Hooks[object]{
		PrepareForCreate: func(_ context.Context, d object) { features.Drop(d, nil, gated) },
		PrepareForUpdate: prepareForUpdate,
		Validate:         validate,
		ValidateUpdate:   validateUpdate,
		WarningsOnCreate: warningsOnCreate,
		WarningsOnUpdate: warningsOnUpdate,
	},
	Columns: []registry.Column[object]{
		registry.NameColumn[object](),
		{Name: "AttachRequired", Type: "boolean", Description: doc("attachRequired"),
			Cell: func(d object) any { return ptr.Deref(d.Spec.AttachRequired, true) }},
		{Name: "PodInfoOnMount", Type: "boolean", Description: doc("podInfoOnMount"),
			Cell: func(d object) any { return ptr.Deref(d.Spec.PodInfoOnMount, false) }},
		{Name: "StorageCapacity", Type: "boolean", Description: doc("storageCapacity"),
			Cell: func(d object) any { return ptr.Deref(d.Spec.StorageCapacity, false) }},
		{Name: "TokenRequests", Description: doc("tokenRequests"), Cell: audiences},
		{Name: "RequiresRepublish", Type: "boolean", Description: doc("requiresRepublish"),
			Cell: func(d object) any { return ptr.Deref(d.Spec.RequiresRepublish, false) }},
		{Name: "Modes", Description: doc("volumeLifecycleModes"), Cell: modes},
		registry.AgeColumn[object](),
	},
}

// prepareForUpdate counts the changes of the spec. Unlike other resources, a
// new driver keeps the generation that the client sent.
func prepareForUpdate(_ context.Context, d, old object) {
	features.Drop(d, old, gated)
	d.Generation = old.Generation
	if !apiequality.Semantic.DeepEqual(d.Spec, old.Spec) {
		d.Generation++
	}
}

func doc(name string) string { return registry.Doc(storagev1.CSIDriverSpec{}, name) }

func audiences(d object) any {
	if d.Spec.TokenRequests == nil {
		return "<unset>"
	}
	var names []string
	for _, t := range d.Spec.TokenRequests {
		names = append(names, t.Audience)
	}
	return strings.Join(names, ",")
}

func modes(d object) any {
	var names []string
	for _, m := range d.Spec.VolumeLifecycleModes {
		names = append(names, string(m))
	}
	if len(names) == 0 {
		return registry.None
	}
	return strings.Join(names, ",")
}

// gated are the fields that need a feature gate.
var gated = []features.Gated[storagev1.CSIDriver]{
	{Gate: features.VolumeLimitScaling,
		Field: features.Pointer(func(d object) **bool { return &d.Spec.PreventPodSchedulingIfMissing })},
}
