// Package replicaset defines replica sets, which keep a number of pods running.
package replicaset

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation/pod"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apps/workload"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/autoscaling/scale"
)

// Resource defines replica sets.
var Resource = &registry.Resource[*appsv1.ReplicaSet]{
	GVR:        appsv1.SchemeGroupVersion.WithResource("replicasets"),
	Singular:   "replicaset",
	ShortNames: []string{"rs"},
	Categories: []string{"all"},
	New:        func() *appsv1.ReplicaSet { return &appsv1.ReplicaSet{} },
	NewList:    func() runtime.Object { return &appsv1.ReplicaSetList{} },
	Parts: registry.Parts[*appsv1.ReplicaSet]{
		Spec:        registry.Part(func(rs *appsv1.ReplicaSet) *appsv1.ReplicaSetSpec { return &rs.Spec }),
		Status:      registry.Part(func(rs *appsv1.ReplicaSet) *appsv1.ReplicaSetStatus { return &rs.Status }),
		Generations: true,
	},
	ValidateName: apivalidation.NameIsDNSSubdomain,
	Hooks: registry.Hooks[*appsv1.ReplicaSet]{
		PrepareForCreate: func(_ context.Context, rs *appsv1.ReplicaSet) {
			pod.DropDisabledFields(&rs.Spec.Template.Spec, nil)
		},
		PrepareForUpdate: func(_ context.Context, rs, old *appsv1.ReplicaSet) {
			pod.DropDisabledFields(&rs.Spec.Template.Spec, &old.Spec.Template.Spec)
		},
		Validate:         validate,
		ValidateUpdate:   validateUpdate,
		WarningsOnCreate: warningsOnCreate,
		WarningsOnUpdate: warningsOnUpdate,
	},
	Facets: map[string]registry.Facet[*appsv1.ReplicaSet]{"status": {
		Hooks: registry.Hooks[*appsv1.ReplicaSet]{ValidateUpdate: validateStatusUpdate},
	}},
	Columns: columns,
	Subresources: scale.Subresource(scale.Scaled[*appsv1.ReplicaSet]{
		Replicas: func(rs *appsv1.ReplicaSet) **int32 { return &rs.Spec.Replicas },
		Status: func(rs *appsv1.ReplicaSet) (int32, *metav1.LabelSelector) {
			return rs.Status.Replicas, rs.Spec.Selector
		},
	}),
}

func warningsOnCreate(_ context.Context, rs *appsv1.ReplicaSet) []string {
	return append(workload.WarnOfName(rs.Name), pod.PodTemplateWarnings(&rs.Spec.Template, specPath.Child("template"))...)
}

func warningsOnUpdate(_ context.Context, rs, old *appsv1.ReplicaSet) []string {
	if rs.Generation == old.Generation {
		return nil
	}
	return pod.PodTemplateWarnings(&rs.Spec.Template, specPath.Child("template"))
}
