// Package deviceclass defines device classes: selectors of devices and
// configuration that claims refer to by name.
package deviceclass

import (
	"context"

	resourcev1 "k8s.io/api/resource/v1"
	resourcev1beta1 "k8s.io/api/resource/v1beta1"
	resourcev1beta2 "k8s.io/api/resource/v1beta2"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type object = *resourcev1.DeviceClass

// Resource defines device classes.
var Resource = &registry.Resource[object]{
	GVR:                 resourcev1.SchemeGroupVersion.WithResource("deviceclasses"),
	Versions:            []schema.GroupVersion{resourcev1.SchemeGroupVersion, resourcev1beta2.SchemeGroupVersion, resourcev1beta1.SchemeGroupVersion},
	Singular:            "deviceclass",
	ClusterScoped:       true,
	New:                 func() object { return &resourcev1.DeviceClass{} },
	NewList:             func() runtime.Object { return &resourcev1.DeviceClassList{} },
	ReturnDeletedObject: true,
	Parts: registry.Parts[object]{
		Spec:        registry.Part(func(c object) *resourcev1.DeviceClassSpec { return &c.Spec }),
		Generations: true,
	},
	ValidateName: validateName,
	Hooks: registry.Hooks[object]{
		PrepareForCreate: func(_ context.Context, c object) { features.Drop(&c.Spec, nil, gated) },
		PrepareForUpdate: func(_ context.Context, c, old object) { features.Drop(&c.Spec, &old.Spec, gated) },
		Validate:         validate,
		OnUpdate:         []registry.Rule{registry.Metadata, registry.MetadataChange, registry.Change},
		ValidateUpdate:   validateUpdate,
	},
	Columns: []registry.Column[object]{registry.NameColumn[object](), registry.AgeColumn[object]()},
}

var gated = []features.Gated[resourcev1.DeviceClassSpec]{{
	Gate:  features.DRAExtendedResource,
	Field: features.Pointer(func(spec *resourcev1.DeviceClassSpec) **string { return &spec.ExtendedResourceName }),
}}
