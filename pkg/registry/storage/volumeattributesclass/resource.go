// Package volumeattributesclass defines volumeattributesclasses.
package volumeattributesclass

import (
	storagev1 "k8s.io/api/storage/v1"
	storagev1beta1 "k8s.io/api/storage/v1beta1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type object = *storagev1.VolumeAttributesClass

// Resource defines volumeattributesclasses.
var Resource = &registry.Resource[object]{
	GVR:                 storagev1.SchemeGroupVersion.WithResource("volumeattributesclasses"),
	Versions:            []schema.GroupVersion{storagev1.SchemeGroupVersion, storagev1beta1.SchemeGroupVersion},
	Singular:            "volumeattributesclass",
	ShortNames:          []string{"vac"},
	ClusterScoped:       true,
	New:                 func() object { return &storagev1.VolumeAttributesClass{} },
	NewList:             func() runtime.Object { return &storagev1.VolumeAttributesClassList{} },
	ReturnDeletedObject: true,
	ValidateName:        apivalidation.NameIsDNSSubdomain,
	Hooks: registry.Hooks[object]{
		Validate:       validate,
		OnUpdate:       []registry.Rule{registry.MetadataChange, registry.Whole, registry.Change},
		ValidateUpdate: validateUpdate,
	},
	Columns: []registry.Column[object]{
		registry.NameColumn[object](),
		{Name: "DriverName", Description: registry.Doc(storagev1.VolumeAttributesClass{}, "driverName"),
			Cell: func(c object) any { return c.DriverName }},
		registry.AgeColumn[object](),
	},
}
