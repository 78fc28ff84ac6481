// Package horizontalpodautoscaler defines horizontal pod autoscalers, which
// adjust the number of replicas of a workload to metrics.
package horizontalpodautoscaler

import (
	"context"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type (
	hpaSpec   = autoscalingv2.HorizontalPodAutoscalerSpec
	hpaStatus = autoscalingv2.HorizontalPodAutoscalerStatus
)

// Resource defines horizontal pod autoscalers. Their conversion to
// autoscaling/v1 is in pkg/apis/autoscaling/v1.
var Resource = &registry.Resource[*autoscalingv2.HorizontalPodAutoscaler]{
	GVR:        autoscalingv2.SchemeGroupVersion.WithResource("horizontalpodautoscalers"),
	Versions:   []schema.GroupVersion{autoscalingv2.SchemeGroupVersion, autoscalingv1.SchemeGroupVersion},
	Singular:   "horizontalpodautoscaler",
	ShortNames: []string{"hpa"},
	Categories: []string{"all"},
	New:        func() *autoscalingv2.HorizontalPodAutoscaler { return &autoscalingv2.HorizontalPodAutoscaler{} },
	NewList:    func() runtime.Object { return &autoscalingv2.HorizontalPodAutoscalerList{} },
	Parts: registry.Parts[*autoscalingv2.HorizontalPodAutoscaler]{
		Spec:   registry.Part(func(hpa *autoscalingv2.HorizontalPodAutoscaler) *hpaSpec { return &hpa.Spec }),
		Status: registry.Part(func(hpa *autoscalingv2.HorizontalPodAutoscaler) *hpaStatus { return &hpa.Status }),
	},
	ValidateName: apivalidation.NameIsDNSSubdomain,
	Hooks: registry.Hooks[*autoscalingv2.HorizontalPodAutoscaler]{
		PrepareForCreate: func(_ context.Context, hpa *autoscalingv2.HorizontalPodAutoscaler) { features.Drop(hpa, nil, gated) },
		PrepareForUpdate: func(_ context.Context, hpa, old *autoscalingv2.HorizontalPodAutoscaler) {
			features.Drop(hpa, old, gated)
		},
		Validate:       validate,
		ValidateUpdate: validateUpdate,
	},
	Facets: map[string]registry.Facet[*autoscalingv2.HorizontalPodAutoscaler]{"status": {
		Hooks: registry.Hooks[*autoscalingv2.HorizontalPodAutoscaler]{ValidateUpdate: validateStatusUpdate},
	}},
	DeclarativeConfig: declarativeConfig,
	Columns:           columns,
}
