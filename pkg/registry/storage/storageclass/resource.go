// Package storageclass defines storageclasses.
package storageclass

import (
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type object = *storagev1.StorageClass

// Resource defines storageclasses.
var Resource = &registry.Resource[object]{
	GVR:                 storagev1.SchemeGroupVersion.WithResource("storageclasses"),
	Singular:            "storageclass",
	ShortNames:          []string{"sc"},
	ClusterScoped:       true,
	New:                 func() object { return &storagev1.StorageClass{} },
	NewList:             func() runtime.Object { return &storagev1.StorageClassList{} },
	ReturnDeletedObject: true,
	ValidateName:        apivalidation.NameIsDNSSubdomain,
	Hooks: registry.Hooks[object]{
		Validate:         validate,
		OnUpdate:         []registry.Rule{registry.MetadataChange, registry.Whole, registry.Change},
		ValidateUpdate:   validateUpdate,
		WarningsOnCreate: warningsOnCreate,
		WarningsOnUpdate: warningsOnUpdate,
	},
	Columns: []registry.Column[object]{
		{Name: "Name", Format: "name", Description: registry.NameColumn[object]().Description, Cell: name},
		{Name: "Provisioner", Description: registry.Doc(storagev1.StorageClass{}, "provisioner"),
			Cell: func(c object) any { return c.Provisioner }},
		{Name: "ReclaimPolicy", Description: registry.Doc(storagev1.StorageClass{}, "reclaimPolicy"),
			Cell: func(c object) any { return string(ptr.Deref(c.ReclaimPolicy, corev1.PersistentVolumeReclaimDelete)) }},
		{Name: "VolumeBindingMode", Description: registry.Doc(storagev1.StorageClass{}, "volumeBindingMode"),
			Cell: func(c object) any { return string(ptr.Deref(c.VolumeBindingMode, storagev1.VolumeBindingImmediate)) }},
		{Name: "AllowVolumeExpansion", Description: registry.Doc(storagev1.StorageClass{}, "allowVolumeExpansion"),
			Cell: func(c object) any { return ptr.Deref(c.AllowVolumeExpansion, false) }},
		registry.AgeColumn[object](),
	},
}

// name shows which class claims get that name none.
func name(c object) any {
	for _, key := range []string{"storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"} {
		if c.Annotations[key] == "true" {
			return c.Name + " (default)"
		}
	}
	return c.Name
}
