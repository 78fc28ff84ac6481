// Package priorityclass defines priority classes.
package priorityclass

import (
	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// Resource defines priority classes.
var Resource = &registry.Resource[*schedulingv1.PriorityClass]{
	GVR:           schedulingv1.SchemeGroupVersion.WithResource("priorityclasses"),
	Singular:      "priorityclass",
	ShortNames:    []string{"pc"},
	ClusterScoped: true,
	New:           func() *schedulingv1.PriorityClass { return &schedulingv1.PriorityClass{} },
	NewList:       func() runtime.Object { return &schedulingv1.PriorityClassList{} },
	Parts:         registry.Parts[*schedulingv1.PriorityClass]{Generations: true},
	ValidateName:  apivalidation.NameIsDNSSubdomain,
	Hooks: registry.Hooks[*schedulingv1.PriorityClass]{
		Validate:       validate,
		ValidateUpdate: validateUpdate,
	},
	Columns: []registry.Column[*schedulingv1.PriorityClass]{
		registry.NameColumn[*schedulingv1.PriorityClass](),
		{Name: "Value", Type: "integer", Description: registry.Doc(schedulingv1.PriorityClass{}, "value"),
			Cell: func(pc *schedulingv1.PriorityClass) any { return int64(pc.Value) }},
		{Name: "Global-Default", Type: "boolean", Description: registry.Doc(schedulingv1.PriorityClass{}, "globalDefault"),
			Cell: func(pc *schedulingv1.PriorityClass) any { return pc.GlobalDefault }},
		registry.AgeColumn[*schedulingv1.PriorityClass](),
		{Name: "PreemptionPolicy", Description: registry.Doc(schedulingv1.PriorityClass{}, "preemptionPolicy"),
			Cell: func(pc *schedulingv1.PriorityClass) any {
				return string(ptr.Deref(pc.PreemptionPolicy, corev1.PreemptLowerPriority))
			}},
	},
}
