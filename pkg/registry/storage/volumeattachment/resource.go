// Package volumeattachment defines volumeattachments.
package volumeattachment

import (
	storagev1 "k8s.io/api/storage/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type object = *storagev1.VolumeAttachment

// Resource defines volumeattachments.
var Resource = &registry.Resource[object]{
	GVR:                 storagev1.SchemeGroupVersion.WithResource("volumeattachments"),
	Singular:            "volumeattachment",
	ClusterScoped:       true,
	New:                 func() object { return &storagev1.VolumeAttachment{} },
	NewList:             func() runtime.Object { return &storagev1.VolumeAttachmentList{} },
	ConditionalUpdate:   true,
	ReturnDeletedObject: true,
	Parts: registry.Parts[object]{
		Spec:   registry.Part(func(a object) *storagev1.VolumeAttachmentSpec { return &a.Spec }),
		Status: registry.Part(func(a object) *storagev1.VolumeAttachmentStatus { return &a.Status }),
	},
	ValidateName: apivalidation.NameIsDNSSubdomain,
	Hooks: registry.Hooks[object]{
		Validate:       validate,
		OnUpdate:       []registry.Rule{registry.Metadata, registry.Change},
		ValidateUpdate: validateUpdate,
	},
	Facets: map[string]registry.Facet[object]{"status": {
		Hooks: registry.Hooks[object]{
			OnUpdate:       []registry.Rule{registry.Metadata, registry.Change},
			ValidateUpdate: validateUpdate,
		},
		Metadata: registry.KeepUserMetadata(),
	}},
	Columns: []registry.Column[object]{
		registry.NameColumn[object](),
		{Name: "Attacher", Format: "name", Description: doc("attacher"), Cell: func(a object) any { return a.Spec.Attacher }},
		{Name: "PV", Description: registry.Doc(storagev1.VolumeAttachmentSource{}, "persistentVolumeName"),
			Cell: func(a object) any { return ptr.Deref(a.Spec.Source.PersistentVolumeName, "") }},
		{Name: "Node", Description: doc("nodeName"), Cell: func(a object) any { return a.Spec.NodeName }},
		{Name: "Attached", Type: "boolean", Description: registry.Doc(storagev1.VolumeAttachmentStatus{}, "attached"),
			Cell: func(a object) any { return a.Status.Attached }},
		registry.AgeColumn[object](),
	},
}

func doc(name string) string { return registry.Doc(storagev1.VolumeAttachmentSpec{}, name) }
