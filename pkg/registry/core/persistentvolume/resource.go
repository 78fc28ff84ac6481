// Package persistentvolume defines persistentvolumes.
package persistentvolume

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type object = *corev1.PersistentVolume

// Resource defines persistentvolumes.
var Resource = &registry.Resource[object]{
	GVR:                 corev1.SchemeGroupVersion.WithResource("persistentvolumes"),
	Singular:            "persistentvolume",
	ShortNames:          []string{"pv"},
	ClusterScoped:       true,
	New:                 func() object { return &corev1.PersistentVolume{} },
	NewList:             func() runtime.Object { return &corev1.PersistentVolumeList{} },
	ReturnDeletedObject: true,
	Parts: registry.Parts[object]{
		Spec:   registry.Part(func(v object) *corev1.PersistentVolumeSpec { return &v.Spec }),
		Status: registry.Part(func(v object) *corev1.PersistentVolumeStatus { return &v.Status }),
	},
	ValidateName: apivalidation.NameIsDNSSubdomain,
	Hooks: registry.Hooks[object]{
		PrepareForCreate: prepareForCreate,
		Validate:         validate,
		// As from kube-apiserver, what is wrong with a new volume is found twice.
		OnUpdate:         []registry.Rule{registry.Whole, registry.Whole, registry.Change},
		ValidateUpdate:   validateUpdate,
		WarningsOnCreate: func(_ context.Context, v object) []string { return warnings(v) },
		WarningsOnUpdate: func(_ context.Context, v, _ object) []string { return warnings(v) },
	},
	Facets: map[string]registry.Facet[object]{"status": {Hooks: registry.Hooks[object]{
		PrepareForUpdate: prepareForStatusUpdate,
	}}},
	Columns: columns,
}

func prepareForCreate(_ context.Context, v object) {
	now := metav1.Now()
	v.Status.Phase = corev1.VolumePending
	v.Status.LastPhaseTransitionTime = &now
}

// prepareForStatusUpdate notes when the phase has changed, unless the request
// says when (KEP-3762).
func prepareForStatusUpdate(_ context.Context, v, old object) {
	now, before := &v.Status, &old.Status
	if now.LastPhaseTransitionTime == nil {
		now.LastPhaseTransitionTime = before.LastPhaseTransitionTime
	}
	if now.Phase != before.Phase && now.LastPhaseTransitionTime.Equal(before.LastPhaseTransitionTime) {
		at := metav1.Now()
		now.LastPhaseTransitionTime = &at
	}
}
