package replicaset

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apps/workload"
)

var columns = slices.Concat(
	[]registry.Column[*appsv1.ReplicaSet]{
		registry.NameColumn[*appsv1.ReplicaSet](),
		{Name: "Desired", Type: "integer", Description: registry.Doc(appsv1.ReplicaSetSpec{}, "replicas"),
			Cell: func(rs *appsv1.ReplicaSet) any { return ptr.Deref(rs.Spec.Replicas, 0) }},
		{Name: "Current", Type: "integer", Description: registry.Doc(appsv1.ReplicaSetStatus{}, "replicas"),
			Cell: func(rs *appsv1.ReplicaSet) any { return rs.Status.Replicas }},
		{Name: "Ready", Type: "integer", Description: registry.Doc(appsv1.ReplicaSetStatus{}, "readyReplicas"),
			Cell: func(rs *appsv1.ReplicaSet) any { return rs.Status.ReadyReplicas }},
		registry.AgeColumn[*appsv1.ReplicaSet](),
	},
	workload.Columns(
		func(rs *appsv1.ReplicaSet) *corev1.PodTemplateSpec { return &rs.Spec.Template },
		func(rs *appsv1.ReplicaSet) *metav1.LabelSelector { return rs.Spec.Selector },
		registry.Doc(appsv1.ReplicaSetSpec{}, "selector"),
	),
)
