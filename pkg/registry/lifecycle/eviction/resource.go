// Package eviction defines evictions, in which responders agree who evicts an
// object, such as a pod, and report how far they are (KEP-4563). The subresource
// pods/eviction has nothing to do with them.
package eviction

import (
	lifecyclev1alpha1 "k8s.io/api/lifecycle/v1alpha1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type object = *lifecyclev1alpha1.Eviction

// Resource defines evictions. The rules for single fields are in the tags of the
// type.
var Resource = &registry.Resource[object]{
	GVR:               lifecyclev1alpha1.SchemeGroupVersion.WithResource("evictions"),
	Gate:              features.EvictionRequestAPI,
	Singular:          "eviction",
	New:               func() object { return &lifecyclev1alpha1.Eviction{} },
	NewList:           func() runtime.Object { return &lifecyclev1alpha1.EvictionList{} },
	ConditionalUpdate: true,
	Parts: registry.Parts[object]{
		Spec:        registry.Part(func(e object) *lifecyclev1alpha1.EvictionSpec { return &e.Spec }),
		Status:      registry.Part(func(e object) *lifecyclev1alpha1.EvictionStatus { return &e.Status }),
		Generations: true,
	},
	ValidateName: apivalidation.NameIsDNSSubdomain,
	Facets: map[string]registry.Facet[object]{"status": {
		Hooks:    registry.Hooks[object]{ValidateUpdate: validateStatusUpdate},
		Metadata: registry.KeepUserMetadata(),
	}},
}
