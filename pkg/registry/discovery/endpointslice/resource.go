// Package endpointslice defines endpoint slices: the addresses behind a
// service, a hundred at a time.
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

// prepareForUpdate counts the changes of everything but the metadata; a
// change of labels counts too, because selectors depend on them. Even the
// topology counts that is dropped afterwards.
func prepareForUpdate(_ context.Context, slice, old *discoveryv1.EndpointSlice) {
	slice.Generation = old.Generation
	a, b := *slice, *old
	a.ObjectMeta, b.ObjectMeta, a.TypeMeta, b.TypeMeta = slice.ObjectMeta, slice.ObjectMeta, slice.TypeMeta, slice.TypeMeta
	if !apiequality.Semantic.DeepEqual(&a, &b) || !apiequality.Semantic.DeepEqual(slice.Labels, old.Labels) {
		slice.Generation++
	}
	dropTopology(slice, old)
}

// dropTopology drops the topology of v1beta1 from endpoints that change it; what
// is stored may stay.
func dropTopology(slice, old *discoveryv1.EndpointSlice) {
	for i := range slice.Endpoints {
		if i >= len(old.Endpoints) || !apiequality.Semantic.DeepEqual(slice.Endpoints[i].DeprecatedTopology, old.Endpoints[i].DeprecatedTopology) {
			slice.Endpoints[i].DeprecatedTopology = nil
		}
	}
}
