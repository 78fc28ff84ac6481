// Package deployment defines deployments, which roll out replica sets.
package deployment

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation/pod"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/autoscaling/scale"
)

// Resource defines deployments.
var Resource = &registry.Resource[*appsv1.Deployment]{
	GVR:        appsv1.SchemeGroupVersion.WithResource("deployments"),
	Singular:   "deployment",
	ShortNames: []string{"deploy"},
	Categories: []string{"all"},
	New:        func() *appsv1.Deployment { return &appsv1.Deployment{} },
	NewList:    func() runtime.Object { return &appsv1.DeploymentList{} },
	Parts: registry.Parts[*appsv1.Deployment]{
		Spec:        registry.Part(func(d *appsv1.Deployment) *appsv1.DeploymentSpec { return &d.Spec }),
		Status:      registry.Part(func(d *appsv1.Deployment) *appsv1.DeploymentStatus { return &d.Status }),
		Generations: true,
		// The annotations are copied to the replica sets.
		AlsoCounts: func(d, old *appsv1.Deployment) bool {
			return !apiequality.Semantic.DeepEqual(d.Annotations, old.Annotations)
		},
	},
	ValidateName: apivalidation.NameIsDNSSubdomain,
	Hooks: registry.Hooks[*appsv1.Deployment]{
		PrepareForCreate: func(_ context.Context, d *appsv1.Deployment) {
			pod.DropDisabledFields(&d.Spec.Template.Spec, nil)
		},
		PrepareForUpdate: func(_ context.Context, d, old *appsv1.Deployment) {
			pod.DropDisabledFields(&d.Spec.Template.Spec, &old.Spec.Template.Spec)
		},
		Validate:         validate,
		ValidateUpdate:   validateUpdate,
		WarningsOnCreate: warningsOnCreate,
		WarningsOnUpdate: warningsOnUpdate,
	},
	Facets: map[string]registry.Facet[*appsv1.Deployment]{"status": {
		Hooks: registry.Hooks[*appsv1.Deployment]{ValidateUpdate: validateStatusUpdate},
		Metadata: registry.MetadataRule{
			Keep:   func(d, old metav1.Object) { d.SetLabels(old.GetLabels()) },
			Resets: []string{"metadata.labels"},
		},
	}},
	Columns: columns,
	Subresources: scale.Subresource(scale.Scaled[*appsv1.Deployment]{
		Replicas: func(d *appsv1.Deployment) **int32 { return &d.Spec.Replicas },
		Status: func(d *appsv1.Deployment) (int32, *metav1.LabelSelector) {
			return d.Status.Replicas, d.Spec.Selector
		},
	}),
}
