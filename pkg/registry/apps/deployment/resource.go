// Package deployment defines deployments, which roll out replica sets.
package deployment

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation/pod"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

const version = "apps/v1"

// Resource defines deployments.
var Resource = &registry.Resource[*appsv1.Deployment]{
	GVR:        appsv1.SchemeGroupVersion.WithResource("deployments"),
	Singular:   "deployment",
	ShortNames: []string{"deploy"},
	Categories: []string{"all"},
	New:        func() *appsv1.Deployment { return &appsv1.Deployment{} },
	NewList:    func() runtime.Object { return &appsv1.DeploymentList{} },
	Hooks: registry.Hooks[*appsv1.Deployment]{
		PrepareForCreate: prepareForCreate,
		PrepareForUpdate: prepareForUpdate,
		Validate:         validate,
		ValidateUpdate:   validateUpdate,
		WarningsOnCreate: warningsOnCreate,
		WarningsOnUpdate: warningsOnUpdate,
		ResetFields:      registry.Reset(version, []string{"status"}),
	},
	Status: &registry.Hooks[*appsv1.Deployment]{
		PrepareForUpdate: prepareForStatusUpdate,
		ValidateUpdate:   validateStatusUpdate,
		ResetFields:      registry.Reset(version, []string{"spec"}, []string{"metadata", "labels"}),
	},
	Columns:      columns,
	Subresources: subresources,
}

func prepareForCreate(_ context.Context, deployment *appsv1.Deployment) {
	deployment.Status = appsv1.DeploymentStatus{}
	deployment.Generation = 1
	pod.DropDisabledFields(&deployment.Spec.Template.Spec, nil)
}

// prepareForUpdate counts changes of the spec, and of the annotations, which
// are copied to the replica sets.
func prepareForUpdate(_ context.Context, deployment, old *appsv1.Deployment) {
	deployment.Status = old.Status
	pod.DropDisabledFields(&deployment.Spec.Template.Spec, &old.Spec.Template.Spec)
	if !apiequality.Semantic.DeepEqual(deployment.Spec, old.Spec) || !apiequality.Semantic.DeepEqual(deployment.Annotations, old.Annotations) {
		deployment.Generation = old.Generation + 1
	}
}
