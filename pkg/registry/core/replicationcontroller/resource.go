// Package replicationcontroller defines replication controllers, the older form
// of replica sets.
package replicationcontroller

import (
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apps/workload"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/autoscaling/scale"
)

type object = *corev1.ReplicationController

var template = workload.Template[object]{Of: func(rc object) *corev1.PodTemplateSpec { return rc.Spec.Template }, Path: specPath.Child("template")}

// Resource defines replication controllers.
var Resource = &registry.Resource[object]{
	GVR:        corev1.SchemeGroupVersion.WithResource("replicationcontrollers"),
	Prefix:     "controllers",
	Singular:   "replicationcontroller",
	ShortNames: []string{"rc"},
	Categories: []string{"all"},
	New:        func() object { return &corev1.ReplicationController{} },
	NewList:    func() runtime.Object { return &corev1.ReplicationControllerList{} },
	// Clients that are older than the garbage collector expect that the pods stay.
	GarbageCollection: rest.OrphanDependents,
	Parts: registry.Parts[object]{
		Spec:        registry.Part(func(rc object) *corev1.ReplicationControllerSpec { return &rc.Spec }),
		Status:      registry.Part(func(rc object) *corev1.ReplicationControllerStatus { return &rc.Status }),
		Generations: true,
	},
	ValidateName: validateName,
	Hooks:        hooks(),
	Facets:       map[string]registry.Facet[object]{"status": {Hooks: registry.Hooks[object]{ValidateUpdate: validateStatusUpdate}}},
	Fields: []registry.Field[object]{
		{Name: "status.replicas", Value: func(rc object) string { return strconv.Itoa(int(rc.Status.Replicas)) }},
	},
	Columns: slices.Concat([]registry.Column[object]{
		registry.NameColumn[object](),
		{Name: "Desired", Type: "integer", Description: registry.Doc(corev1.ReplicationControllerSpec{}, "replicas"),
			Cell: func(rc object) any { return ptr.Deref(rc.Spec.Replicas, 0) }},
		{Name: "Current", Type: "integer", Description: registry.Doc(corev1.ReplicationControllerStatus{}, "replicas"),
			Cell: func(rc object) any { return rc.Status.Replicas }},
		{Name: "Ready", Type: "integer", Description: registry.Doc(corev1.ReplicationControllerStatus{}, "readyReplicas"),
			Cell: func(rc object) any { return rc.Status.ReadyReplicas }},
		registry.AgeColumn[object](),
	}, template.Columns(selector, registry.Doc(corev1.ReplicationControllerSpec{}, "selector"))),
	Subresources: scale.Subresource(scale.Scaled[object]{
		Replicas: func(rc object) **int32 { return &rc.Spec.Replicas },
		Status:   func(rc object) (int32, *metav1.LabelSelector) { return rc.Status.Replicas, selector(rc) },
	}),
}

// hooks returns the hooks of a workload without the warnings on update, which
// kube-apiserver does not send for replication controllers.
func hooks() registry.Hooks[object] {
	h := template.Hooks(registry.Hooks[object]{Validate: validate, ValidateUpdate: validateUpdate})
	h.WarningsOnUpdate = nil
	return h
}

func selector(rc object) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: rc.Spec.Selector}
}
