// Package persistentvolumeclaim defines persistentvolumeclaims.
package persistentvolumeclaim

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/volume"
	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type object = *corev1.PersistentVolumeClaim

// Resource defines persistentvolumeclaims.
var Resource = &registry.Resource[object]{
	GVR:                 corev1.SchemeGroupVersion.WithResource("persistentvolumeclaims"),
	Singular:            "persistentvolumeclaim",
	ShortNames:          []string{"pvc"},
	New:                 func() object { return &corev1.PersistentVolumeClaim{} },
	NewList:             func() runtime.Object { return &corev1.PersistentVolumeClaimList{} },
	ReturnDeletedObject: true,
	Parts: registry.Parts[object]{
		Spec:   registry.Part(func(c object) *corev1.PersistentVolumeClaimSpec { return &c.Spec }),
		Status: registry.Part(func(c object) *corev1.PersistentVolumeClaimStatus { return &c.Status }),
	},
	ValidateName: apivalidation.NameIsDNSSubdomain,
	Hooks: registry.Hooks[object]{
		PrepareForCreate: prepareForCreate,
		PrepareForUpdate: func(_ context.Context, c, old object) { prepareSources(c, old) },
		Validate:         validate,
		OnUpdate:         []registry.Rule{registry.MetadataChange, registry.Metadata, registry.Change},
		ValidateUpdate:   validateUpdate,
		WarningsOnCreate: func(_ context.Context, c object) []string { return warnings(c) },
		WarningsOnUpdate: func(_ context.Context, c, _ object) []string { return warnings(c) },
	},
	Facets: map[string]registry.Facet[object]{"status": {Hooks: registry.Hooks[object]{
		PrepareForUpdate: func(_ context.Context, c, old object) { features.Drop(&c.Status, &old.Status, gatedStatus) },
		ValidateUpdate:   validateStatusUpdate,
	}}},
	Columns: columns,
}

func prepareForCreate(_ context.Context, c object) {
	c.Status.Phase = corev1.ClaimPending
	prepareSources(c, nil)
}

// gated and gatedStatus are the fields that need a feature gate.
var (
	gated = []features.Gated[corev1.PersistentVolumeClaimSpec]{
		{Gate: features.CrossNamespaceVolumeDataSource, Field: sourceElsewhere},
	}
	gatedStatus = []features.Gated[corev1.PersistentVolumeClaimStatus]{
		{Gate: features.CSIVolumeHealth,
			Field: features.Pointer(func(s *corev1.PersistentVolumeClaimStatus) **corev1.VolumeHealthStatus { return &s.HealthStatus })},
	}
)

// sourceElsewhere drops a source in another namespace. As in kube-apiserver, it
// stays if the claim has had any source.
func sourceElsewhere(spec *corev1.PersistentVolumeClaimSpec, clear bool) (used bool) {
	used = spec.DataSource != nil || spec.DataSourceRef != nil
	if ref := spec.DataSourceRef; clear && ref != nil && ref.Namespace != nil && *ref.Namespace != "" {
		spec.DataSourceRef = nil
	}
	return used
}

// prepareSources drops what cannot be the content of a new volume, and writes the
// same into dataSource, the older field, and dataSourceRef (KEP-1495). old is nil
// for a new claim.
func prepareSources(c, old object) {
	spec := &c.Spec
	var before *corev1.PersistentVolumeClaimSpec
	if old != nil {
		before = &old.Spec
	}
	features.Drop(spec, before, gated)
	if spec.DataSourceRef == nil && (before == nil || before.DataSource == nil) {
		dropUnknownSource(spec)
	}
	source, ref := spec.DataSource, spec.DataSourceRef
	switch {
	case source != nil && ref == nil:
		spec.DataSourceRef = &corev1.TypedObjectReference{APIGroup: source.APIGroup, Kind: source.Kind, Name: source.Name}
	case source == nil && ref != nil && (ref.Namespace == nil || *ref.Namespace == ""):
		spec.DataSource = &corev1.TypedLocalObjectReference{APIGroup: ref.APIGroup, Kind: ref.Kind, Name: ref.Name}
	}
}

// dropUnknownSource clears dataSource if it is neither a claim nor a snapshot:
// servers before dataSourceRef knew only these, and ignored all others.
func dropUnknownSource(spec *corev1.PersistentVolumeClaimSpec) {
	source := spec.DataSource
	if source == nil {
		return
	}
	group := ""
	if source.APIGroup != nil {
		group = *source.APIGroup
	}
	claim := group == "" && source.Kind == "PersistentVolumeClaim"
	if snapshot := group == "snapshot.storage.k8s.io" && source.Kind == "VolumeSnapshot"; !claim && !snapshot {
		spec.DataSource = nil
	}
}

func warnings(c object) []string {
	return append(volume.StorageClassWarnings(c.Annotations), volume.PersistentVolumeClaimSpecWarnings(&c.Spec, specPath)...)
}
