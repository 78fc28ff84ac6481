// Package replicaset defines replica sets, which keep a number of pods running.
package replicaset

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation/pod"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apps/workload"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/autoscaling/scale"
)

const version = "apps/v1"

// Resource defines replica sets.
var Resource = &registry.Resource[*appsv1.ReplicaSet]{
	GVR:        appsv1.SchemeGroupVersion.WithResource("replicasets"),
	Singular:   "replicaset",
	ShortNames: []string{"rs"},
	Categories: []string{"all"},
	New:        func() *appsv1.ReplicaSet { return &appsv1.ReplicaSet{} },
	NewList:    func() runtime.Object { return &appsv1.ReplicaSetList{} },
	Hooks: registry.Hooks[*appsv1.ReplicaSet]{
		PrepareForCreate: prepareForCreate,
		PrepareForUpdate: prepareForUpdate,
		Validate:         validate,
		ValidateUpdate:   validateUpdate,
		WarningsOnCreate: warningsOnCreate,
		WarningsOnUpdate: warningsOnUpdate,
		ResetFields:      registry.Reset(version, []string{"status"}),
	},
	Status: &registry.Hooks[*appsv1.ReplicaSet]{
		PrepareForUpdate: prepareForStatusUpdate,
		ValidateUpdate:   validateStatusUpdate,
		ResetFields:      registry.Reset(version, []string{"spec"}),
	},
	Columns:      columns,
	Subresources: subresources,
}

func prepareForCreate(_ context.Context, rs *appsv1.ReplicaSet) {
	rs.Status = appsv1.ReplicaSetStatus{}
	rs.Generation = 1
	pod.DropDisabledFields(&rs.Spec.Template.Spec, nil)
}

func prepareForUpdate(_ context.Context, rs, old *appsv1.ReplicaSet) {
	rs.Status = old.Status
	pod.DropDisabledFields(&rs.Spec.Template.Spec, &old.Spec.Template.Spec)
	if !apiequality.Semantic.DeepEqual(rs.Spec, old.Spec) {
		rs.Generation = old.Generation + 1
	}
}

func prepareForStatusUpdate(_ context.Context, rs, old *appsv1.ReplicaSet) { rs.Spec = old.Spec }

func warningsOnCreate(_ context.Context, rs *appsv1.ReplicaSet) []string {
	return append(workload.WarnOfName(rs.Name), pod.PodTemplateWarnings(&rs.Spec.Template, specPath.Child("template"))...)
}

func warningsOnUpdate(_ context.Context, rs, old *appsv1.ReplicaSet) []string {
	if rs.Generation == old.Generation {
		return nil
	}
	return pod.PodTemplateWarnings(&rs.Spec.Template, specPath.Child("template"))
}

func subresources(main *registry.REST, _ registry.Deps) map[string]rest.Storage {
	return map[string]rest.Storage{"scale": scale.New(main, appsv1.SchemeGroupVersion, scale.Scaled[*appsv1.ReplicaSet]{
		Replicas: func(rs *appsv1.ReplicaSet) **int32 { return &rs.Spec.Replicas },
		Status: func(rs *appsv1.ReplicaSet) (int32, *metav1.LabelSelector) {
			return rs.Status.Replicas, rs.Spec.Selector
		},
	})}
}
