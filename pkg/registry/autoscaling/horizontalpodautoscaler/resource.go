// Package horizontalpodautoscaler defines horizontal pod autoscalers: each one
// keeps the number of replicas of a workload in proportion to metrics.
package horizontalpodautoscaler

import (
	"context"
	"maps"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// Resource defines horizontal pod autoscalers. The API has them as
// autoscaling/v2 and autoscaling/v1, see pkg/apis/autoscaling/v1.
var Resource = &registry.Resource[*autoscalingv2.HorizontalPodAutoscaler]{
	GVR:        autoscalingv2.SchemeGroupVersion.WithResource("horizontalpodautoscalers"),
	Singular:   "horizontalpodautoscaler",
	ShortNames: []string{"hpa"},
	Categories: []string{"all"},
	New:        func() *autoscalingv2.HorizontalPodAutoscaler { return &autoscalingv2.HorizontalPodAutoscaler{} },
	NewList:    func() runtime.Object { return &autoscalingv2.HorizontalPodAutoscalerList{} },
	Hooks: registry.Hooks[*autoscalingv2.HorizontalPodAutoscaler]{
		PrepareForCreate: func(_ context.Context, hpa *autoscalingv2.HorizontalPodAutoscaler) {
			hpa.Status = autoscalingv2.HorizontalPodAutoscalerStatus{}
			dropDisabled(hpa, nil)
		},
		PrepareForUpdate: func(_ context.Context, hpa, old *autoscalingv2.HorizontalPodAutoscaler) {
			hpa.Status = old.Status
			dropDisabled(hpa, old)
		},
		Validate:          validate,
		ValidateUpdate:    validateUpdate,
		DeclarativeConfig: declarativeConfig,
		ResetFields:       reset("status"),
	},
	Status: &registry.Hooks[*autoscalingv2.HorizontalPodAutoscaler]{
		PrepareForUpdate:  func(_ context.Context, hpa, old *autoscalingv2.HorizontalPodAutoscaler) { hpa.Spec = old.Spec },
		ValidateUpdate:    validateStatusUpdate,
		DeclarativeConfig: declarativeConfig,
		ResetFields:       reset("spec"),
	},
	Columns: columns,
}

// reset builds ResetFields of one field for both versions.
func reset(name string) map[fieldpath.APIVersion]*fieldpath.Set {
	fields := registry.Reset(autoscalingv2.SchemeGroupVersion.String(), []string{name})
	maps.Copy(fields, registry.Reset(autoscalingv1.SchemeGroupVersion.String(), []string{name}))
	return fields
}
