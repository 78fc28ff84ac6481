// Package podgroup defines pod groups, which the scheduler places together
// (KEP-4671). Controllers make them by the templates of a workload.
package podgroup

import (
	"context"

	schedulingv1alpha3 "k8s.io/api/scheduling/v1alpha3"
	schedulingv1beta1 "k8s.io/api/scheduling/v1beta1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/scheduling/grouptable"
)

type object = *schedulingv1beta1.PodGroup

// Resource defines podgroups. The rules for single fields are in the tags of the
// type.
var Resource = &registry.Resource[object]{
	GVR:      schedulingv1beta1.SchemeGroupVersion.WithResource("podgroups"),
	Versions: []schema.GroupVersion{schedulingv1beta1.SchemeGroupVersion, schedulingv1alpha3.SchemeGroupVersion},
	Gate:     features.GenericWorkload,
	Singular: "podgroup",
	New:      func() object { return &schedulingv1beta1.PodGroup{} },
	NewList:  func() runtime.Object { return &schedulingv1beta1.PodGroupList{} },
	Parts: registry.Parts[object]{
		Spec:   registry.Part(func(g object) *schedulingv1beta1.PodGroupSpec { return &g.Spec }),
		Status: registry.Part(func(g object) *schedulingv1beta1.PodGroupStatus { return &g.Status }),
	},
	ValidateName: apivalidation.NameIsDNSSubdomain,
	Hooks: registry.Hooks[object]{
		PrepareForCreate: func(_ context.Context, g object) { features.Drop(&g.Spec, nil, gated) },
		PrepareForUpdate: func(_ context.Context, g, old object) { features.Drop(&g.Spec, &old.Spec, gated) },
		Validate:         validate,
	},
	Facets: map[string]registry.Facet[object]{"status": {
		Metadata: registry.KeepUserMetadata(),
		Hooks: registry.Hooks[object]{
			PrepareForUpdate: func(_ context.Context, g, old object) { features.Drop(&g.Status, &old.Status, gatedStatus) },
			ValidateUpdate:   validateStatus,
		},
	}},
	DeclarativeConfig: declarativeConfig,
	Columns:           grouptable.Columns("PodGroup", registry.Doc(schedulingv1beta1.PodGroupSpec{}, "schedulingPolicy"), shown),
}

func shown(g object) grouptable.Group {
	of := grouptable.Group{Basic: g.Spec.SchedulingPolicy.Basic != nil, Gang: g.Spec.SchedulingPolicy.Gang != nil,
		Conditions: g.Status.Conditions, Scheduled: schedulingv1beta1.PodGroupInitiallyScheduled}
	if ref := g.Spec.WorkloadRef; ref != nil {
		of.Workload = ref.WorkloadName
	}
	return of
}
