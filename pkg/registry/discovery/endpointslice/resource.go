// Package endpointslice defines endpoint slices. Each of them contains a part
// of the addresses of a service, usually up to a hundred.
package endpointslice

import (
	"context"

	discoveryv1 "k8s.io/api/discovery/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// Resource defines endpoint slices.
var Resource = &registry.Resource[*discoveryv1.EndpointSlice]{
	GVR:          discoveryv1.SchemeGroupVersion.WithResource("endpointslices"),
	Singular:     "endpointslice",
	New:          func() *discoveryv1.EndpointSlice { return &discoveryv1.EndpointSlice{} },
	NewList:      func() runtime.Object { return &discoveryv1.EndpointSliceList{} },
	ValidateName: apivalidation.NameIsDNSSubdomain,
	Hooks: registry.Hooks[*discoveryv1.EndpointSlice]{
		PrepareForCreate: prepareForCreate,
		PrepareForUpdate: prepareForUpdate,
		Validate:         validate,
		OnUpdate:         []registry.Rule{registry.Metadata, registry.Change},
		ValidateUpdate:   validateUpdate,
		WarningsOnCreate: warningsOnCreate,
	},
	Columns: columns,
}

func prepareForCreate(_ context.Context, slice *discoveryv1.EndpointSlice) {
	slice.Generation = 1
	dropTopology(slice, &discoveryv1.EndpointSlice{})
}

// prepareForUpdate increments the generation if anything except the metadata
// has changed. A change of labels also counts, because clients select slices by
// their labels. A change of the deprecated topology counts even if it is
// reverted afterwards.
func prepareForUpdate(_ context.Context, slice, old *discoveryv1.EndpointSlice) {
	slice.Generation = old.Generation
	a, b := *slice, *old
	a.ObjectMeta, b.ObjectMeta, a.TypeMeta, b.TypeMeta = slice.ObjectMeta, slice.ObjectMeta, slice.TypeMeta, slice.TypeMeta
	if !apiequality.Semantic.DeepEqual(&a, &b) || !apiequality.Semantic.DeepEqual(slice.Labels, old.Labels) {
		slice.Generation++
	}
	dropTopology(slice, old)
}

// dropTopology clears the topology, a field of v1beta1, of endpoints that
// change it. Stored endpoints may keep it.
func dropTopology(slice, old *discoveryv1.EndpointSlice) {
	for i := range slice.Endpoints {
		if i >= len(old.Endpoints) || !apiequality.Semantic.DeepEqual(slice.Endpoints[i].DeprecatedTopology, old.Endpoints[i].DeprecatedTopology) {
			slice.Endpoints[i].DeprecatedTopology = nil
		}
	}
}
