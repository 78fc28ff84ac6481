// Package evictionrequest defines evictionrequests: somebody's intent that an
// object, such as a pod, be evicted (KEP-4563).
package evictionrequest

import (
	"context"

	lifecyclev1alpha1 "k8s.io/api/lifecycle/v1alpha1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type object = *lifecyclev1alpha1.EvictionRequest

// Resource defines evictionrequests. Their rules are in the tags of the type, but
// for those of conditions.
var Resource = &registry.Resource[object]{
	GVR:               lifecyclev1alpha1.SchemeGroupVersion.WithResource("evictionrequests"),
	Gate:              features.EvictionRequestAPI,
	Singular:          "evictionrequest",
	New:               func() object { return &lifecyclev1alpha1.EvictionRequest{} },
	NewList:           func() runtime.Object { return &lifecyclev1alpha1.EvictionRequestList{} },
	ConditionalUpdate: true,
	Parts: registry.Parts[object]{
		Spec:        registry.Part(func(r object) *lifecyclev1alpha1.EvictionRequestSpec { return &r.Spec }),
		Status:      registry.Part(func(r object) *lifecyclev1alpha1.EvictionRequestStatus { return &r.Status }),
		Generations: true,
	},
	ValidateName: apivalidation.NameIsDNSSubdomain,
	Facets: map[string]registry.Facet[object]{"status": {
		Hooks:    registry.Hooks[object]{ValidateUpdate: validateStatusUpdate},
		Metadata: registry.KeepUserMetadata(),
	}},
}

func validateStatusUpdate(_ context.Context, r, _ object) field.ErrorList {
	return metav1validation.ValidateConditions(r.Status.Conditions, field.NewPath("status", "conditions"))
}
