// Package resourceslice defines resource slices, in which drivers publish the
// devices of their pools.
package resourceslice

import (
	"context"
	"fmt"
	"strings"

	resourcev1 "k8s.io/api/resource/v1"
	resourcev1beta1 "k8s.io/api/resource/v1beta1"
	resourcev1beta2 "k8s.io/api/resource/v1beta2"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type object = *resourcev1.ResourceSlice

// Resource defines resource slices.
var Resource = &registry.Resource[object]{
	GVR:                 resourcev1.SchemeGroupVersion.WithResource("resourceslices"),
	Versions:            []schema.GroupVersion{resourcev1.SchemeGroupVersion, resourcev1beta2.SchemeGroupVersion, resourcev1beta1.SchemeGroupVersion},
	Singular:            "resourceslice",
	ClusterScoped:       true,
	New:                 func() object { return &resourcev1.ResourceSlice{} },
	NewList:             func() runtime.Object { return &resourcev1.ResourceSliceList{} },
	ReturnDeletedObject: true,
	Parts: registry.Parts[object]{
		Spec:        registry.Part(func(s object) *resourcev1.ResourceSliceSpec { return &s.Spec }),
		Generations: true,
	},
	ValidateName: apivalidation.NameIsDNSSubdomain,
	Hooks: registry.Hooks[object]{
		PrepareForCreate: prepareForCreate,
		PrepareForUpdate: prepareForUpdate,
		Validate:         validate,
		ValidateUpdate:   validateUpdate,
		WarningsOnCreate: func(_ context.Context, s object) []string { return warnings(s) },
		WarningsOnUpdate: func(_ context.Context, s, _ object) []string { return warnings(s) },
	},
	DeclarativeConfig: declarativeConfig,
	Fields: []registry.Field[object]{
		{Name: resourcev1.ResourceSliceSelectorNodeName, Value: nodeName, Trigger: true},
		{Name: resourcev1.ResourceSliceSelectorDriver, Value: driver},
		{Name: resourcev1.ResourceSliceSelectorPoolName, Value: poolName},
	},
	Columns: []registry.Column[object]{
		registry.NameColumn[object](),
		{Name: "Node", Description: registry.Doc(resourcev1.ResourceSliceSpec{}, "nodeName"),
			Cell: func(s object) any { return nodeName(s) }},
		{Name: "Driver", Description: registry.Doc(resourcev1.ResourceSliceSpec{}, "driver"), Cell: func(s object) any { return driver(s) }},
		{Name: "Pool", Description: registry.Doc(resourcev1.ResourcePool{}, "name"), Cell: func(s object) any { return poolName(s) }},
		registry.AgeColumn[object](),
	},
}

func nodeName(s object) string { return ptr.Deref(s.Spec.NodeName, "") }

func driver(s object) string { return s.Spec.Driver }

func poolName(s object) string { return s.Spec.Pool.Name }

// warnings returns a warning if the name of the driver is not in lower case: other
// names that are derived from it have to be.
func warnings(s object) []string {
	if name := s.Spec.Driver; strings.ToLower(name) != name {
		return []string{fmt.Sprintf("%s: driver names should be lowercase; %q contains uppercase characters", driverPath, name)}
	}
	return nil
}
