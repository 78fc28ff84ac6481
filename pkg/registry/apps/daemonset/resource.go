// Package daemonset defines daemon sets, which run a pod on every node.
package daemonset

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/apps/workload"
)

type object = *appsv1.DaemonSet

var template = workload.Template[object]{
	Of: func(ds object) *corev1.PodTemplateSpec { return &ds.Spec.Template }, Path: specPath.Child("template"), AnyName: true,
}

// Resource defines daemon sets.
var Resource = &registry.Resource[object]{
	GVR:        appsv1.SchemeGroupVersion.WithResource("daemonsets"),
	Singular:   "daemonset",
	ShortNames: []string{"ds"},
	Categories: []string{"all"},
	New:        func() object { return &appsv1.DaemonSet{} },
	NewList:    func() runtime.Object { return &appsv1.DaemonSetList{} },
	Parts: registry.Parts[object]{
		Spec:        registry.Part(func(ds object) *appsv1.DaemonSetSpec { return &ds.Spec }),
		Status:      registry.Part(func(ds object) *appsv1.DaemonSetStatus { return &ds.Status }),
		Generations: true,
	},
	ValidateName: apivalidation.NameIsDNSSubdomain,
	Hooks: template.Hooks(registry.Hooks[object]{
		PrepareForCreate: startTemplateGeneration,
		PrepareForUpdate: countTemplateGeneration,
		Validate:         validate,
		ValidateUpdate:   validateUpdate,
	}),
	Facets: map[string]registry.Facet[object]{"status": {Hooks: registry.Hooks[object]{
		PrepareForUpdate: keepTemplateGeneration,
		ValidateUpdate:   validateStatusUpdate,
	}}},
	Columns: slices.Concat([]registry.Column[object]{
		registry.NameColumn[object](),
		count("Desired", "desiredNumberScheduled", func(s *appsv1.DaemonSetStatus) int32 { return s.DesiredNumberScheduled }),
		count("Current", "currentNumberScheduled", func(s *appsv1.DaemonSetStatus) int32 { return s.CurrentNumberScheduled }),
		count("Ready", "numberReady", func(s *appsv1.DaemonSetStatus) int32 { return s.NumberReady }),
		count("Up-to-date", "updatedNumberScheduled", func(s *appsv1.DaemonSetStatus) int32 { return s.UpdatedNumberScheduled }),
		count("Available", "numberAvailable", func(s *appsv1.DaemonSetStatus) int32 { return s.NumberAvailable }),
		{Name: "Node Selector", Description: registry.Doc(corev1.PodSpec{}, "nodeSelector"),
			Cell: func(ds object) any { return labels.FormatLabels(ds.Spec.Template.Spec.NodeSelector) }},
		registry.AgeColumn[object](),
	}, template.Columns(func(ds object) *metav1.LabelSelector { return ds.Spec.Selector }, registry.Doc(appsv1.DaemonSetSpec{}, "selector"))),
}

// count is a column with a number of the status.
func count(name, field string, of func(*appsv1.DaemonSetStatus) int32) registry.Column[object] {
	return registry.Column[object]{Name: name, Type: "integer", Description: registry.Doc(appsv1.DaemonSetStatus{}, field),
		Cell: func(ds object) any { return of(&ds.Status) }}
}
