// Package csistoragecapacity defines csistoragecapacities.
package csistoragecapacity

import (
	"time"

	storagev1 "k8s.io/api/storage/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type object = *storagev1.CSIStorageCapacity

// Resource defines csistoragecapacities.
var Resource = &registry.Resource[object]{
	GVR:               storagev1.SchemeGroupVersion.WithResource("csistoragecapacities"),
	Singular:          "csistoragecapacity",
	New:               func() object { return &storagev1.CSIStorageCapacity{} },
	NewList:           func() runtime.Object { return &storagev1.CSIStorageCapacityList{} },
	ConditionalUpdate: true,
	ValidateName:      apivalidation.NameIsDNSSubdomain,
	Hooks: registry.Hooks[object]{
		Validate:       validate,
		OnUpdate:       []registry.Rule{registry.MetadataChange, registry.Metadata, registry.Change},
		ValidateUpdate: validateUpdate,
	},
	Columns: []registry.Column[object]{
		registry.NameColumn[object](),
		// kube-apiserver has no columns of its own for the resource, and these are
		// those of any object.
		{Name: "Created At", Type: "date", Description: registry.Doc(metav1.ObjectMeta{}, "creationTimestamp"),
			Cell: func(c object) any { return c.CreationTimestamp.UTC().Format(time.RFC3339) }},
	},
}
