// Package replicaset defines replica sets, which keep a number of pods running.
package replicaset

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apps/workload"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/autoscaling/scale"
)

type object = *appsv1.ReplicaSet

var template = workload.Template[object]{Of: func(rs object) *corev1.PodTemplateSpec { return &rs.Spec.Template }, Path: specPath.Child("template")}

// Resource defines replica sets.
var Resource = &registry.Resource[object]{
	GVR:        appsv1.SchemeGroupVersion.WithResource("replicasets"),
	Singular:   "replicaset",
	ShortNames: []string{"rs"},
	Categories: []string{"all"},
	New:        func() object { return &appsv1.ReplicaSet{} },
	NewList:    func() runtime.Object { return &appsv1.ReplicaSetList{} },
	Parts: registry.Parts[object]{
		Spec:        registry.Part(func(rs object) *appsv1.ReplicaSetSpec { return &rs.Spec }),
		Status:      registry.Part(func(rs object) *appsv1.ReplicaSetStatus { return &rs.Status }),
		Generations: true,
	},
	ValidateName: apivalidation.NameIsDNSSubdomain,
	Hooks:        template.Hooks(registry.Hooks[object]{Validate: validate, ValidateUpdate: validateUpdate}),
	Facets:       map[string]registry.Facet[object]{"status": {Hooks: registry.Hooks[object]{ValidateUpdate: validateStatusUpdate}}},
	Columns: slices.Concat([]registry.Column[object]{
		registry.NameColumn[object](),
		{Name: "Desired", Type: "integer", Description: registry.Doc(appsv1.ReplicaSetSpec{}, "replicas"),
			Cell: func(rs object) any { return ptr.Deref(rs.Spec.Replicas, 0) }},
		{Name: "Current", Type: "integer", Description: registry.Doc(appsv1.ReplicaSetStatus{}, "replicas"),
			Cell: func(rs object) any { return rs.Status.Replicas }},
		{Name: "Ready", Type: "integer", Description: registry.Doc(appsv1.ReplicaSetStatus{}, "readyReplicas"),
			Cell: func(rs object) any { return rs.Status.ReadyReplicas }},
		registry.AgeColumn[object](),
	}, template.Columns(selector, registry.Doc(appsv1.ReplicaSetSpec{}, "selector"))),
	Subresources: scale.Subresource(scale.Scaled[object]{
		Replicas: func(rs object) **int32 { return &rs.Spec.Replicas },
		Status:   func(rs object) (int32, *metav1.LabelSelector) { return rs.Status.Replicas, selector(rs) },
	}),
}

func selector(rs object) *metav1.LabelSelector { return rs.Spec.Selector }
