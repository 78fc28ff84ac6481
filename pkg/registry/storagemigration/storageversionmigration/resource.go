// Package storageversionmigration defines migrations, which rewrite all objects
// of a resource in the version in which it is stored now (KEP-4192).
package storageversionmigration

import (
	storagemigrationv1 "k8s.io/api/storagemigration/v1"
	storagemigrationv1beta1 "k8s.io/api/storagemigration/v1beta1"
	"k8s.io/apimachinery/pkg/api/meta"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type object = *storagemigrationv1.StorageVersionMigration

// Resource defines storageversionmigrations.
var Resource = &registry.Resource[object]{
	GVR:               storagemigrationv1.SchemeGroupVersion.WithResource("storageversionmigrations"),
	Versions:          []schema.GroupVersion{storagemigrationv1.SchemeGroupVersion, storagemigrationv1beta1.SchemeGroupVersion},
	Gate:              features.StorageVersionMigrator,
	Singular:          "storageversionmigration",
	ClusterScoped:     true,
	New:               func() object { return &storagemigrationv1.StorageVersionMigration{} },
	NewList:           func() runtime.Object { return &storagemigrationv1.StorageVersionMigrationList{} },
	ConditionalUpdate: true,
	Parts: registry.Parts[object]{
		Spec:   registry.Part(func(m object) *storagemigrationv1.StorageVersionMigrationSpec { return &m.Spec }),
		Status: registry.Part(func(m object) *storagemigrationv1.StorageVersionMigrationStatus { return &m.Status }),
	},
	ValidateName: apivalidation.NameIsDNSSubdomain,
	Hooks: registry.Hooks[object]{
		Validate:       validate,
		OnUpdate:       []registry.Rule{registry.Whole, registry.MetadataChange, registry.Change},
		ValidateUpdate: validateUpdate,
	},
	Facets: map[string]registry.Facet[object]{"status": {
		Hooks:    registry.Hooks[object]{ValidateUpdate: validateStatusUpdate},
		Metadata: registry.KeepUserMetadata(),
	}},
	Columns: []registry.Column[object]{
		// Without the format "name", as from kube-apiserver.
		{Name: "Name", Description: registry.Doc(metav1.ObjectMeta{}, "name"), Cell: func(m object) any { return m.Name }},
		{Name: "Resource", Description: "GroupResource to migrate", Cell: func(m object) any {
			return schema.GroupResource{Group: m.Spec.Resource.Group, Resource: m.Spec.Resource.Resource}.String()
		}},
		{Name: "Status", Description: "Status of the migration", Cell: state},
	},
}

// state is the first of these conditions that is true.
func state(m object) any {
	for _, t := range []storagemigrationv1.MigrationConditionType{
		storagemigrationv1.MigrationSucceeded, storagemigrationv1.MigrationFailed, storagemigrationv1.MigrationRunning,
	} {
		if meta.IsStatusConditionTrue(m.Status.Conditions, string(t)) {
			return string(t)
		}
	}
	return "Unknown"
}
