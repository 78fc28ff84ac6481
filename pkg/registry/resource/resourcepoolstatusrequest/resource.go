// Package resourcepoolstatusrequest defines requests for the status of pools of
// devices. A controller answers each of them once, in its status.
package resourcepoolstatusrequest

import (
	resourcev1alpha3 "k8s.io/api/resource/v1alpha3"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type object = *resourcev1alpha3.ResourcePoolStatusRequest

// Resource defines requests for the status of pools. Most of their rules are tags of
// their types.
var Resource = &registry.Resource[object]{
	GVR:                 resourcev1alpha3.SchemeGroupVersion.WithResource("resourcepoolstatusrequests"),
	Gate:                features.DRAResourcePoolStatus,
	Singular:            "resourcepoolstatusrequest",
	ClusterScoped:       true,
	New:                 func() object { return &resourcev1alpha3.ResourcePoolStatusRequest{} },
	NewList:             func() runtime.Object { return &resourcev1alpha3.ResourcePoolStatusRequestList{} },
	ConditionalUpdate:   true,
	ReturnDeletedObject: true,
	Parts: registry.Parts[object]{
		Spec:   registry.Part(func(r object) *resourcev1alpha3.ResourcePoolStatusRequestSpec { return &r.Spec }),
		Status: registry.Part(func(r object) **resourcev1alpha3.ResourcePoolStatusRequestStatus { return &r.Status }),
	},
	ValidateName: apivalidation.NameIsDNSSubdomain,
	Hooks:        registry.Hooks[object]{PrepareForCreate: prepareForCreate, PrepareForUpdate: prepareForUpdate},
	Facets: map[string]registry.Facet[object]{"status": {
		Metadata: registry.KeepUserMetadata(),
		Hooks:    registry.Hooks[object]{ValidateUpdate: validateStatus},
	}},
	DeclarativeConfig: declarativeConfig,
	Columns:           columns,
}

var gated = []features.Gated[resourcev1alpha3.ResourcePoolStatusRequestSpec]{{
	Gate: features.DRAPartitionableDevicesType,
	Field: features.Pointer(func(s *resourcev1alpha3.ResourcePoolStatusRequestSpec) **string {
		return &s.DefaultPartitionTypeAttribute
	}),
}}

// declarativeConfig lets a request keep the type of partitions.
func declarativeConfig(_, old object) rest.DeclarativeValidationConfig {
	return rest.DeclarativeValidationConfig{Options: map[string]bool{
		string(features.DRAPartitionableDevicesType): features.Enabled(features.DRAPartitionableDevicesType) ||
			old != nil && old.Spec.DefaultPartitionTypeAttribute != nil,
	}}
}
