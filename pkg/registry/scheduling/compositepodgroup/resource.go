// Package compositepodgroup defines composite pod groups, which consist of pod
// groups and of other composite ones that the scheduler places together.
package compositepodgroup

import (
	"context"

	schedulingv1alpha3 "k8s.io/api/scheduling/v1alpha3"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/scheduling/grouptable"
)

type (
	object = *schedulingv1alpha3.CompositePodGroup
	spec   = schedulingv1alpha3.CompositePodGroupSpec
)

// Resource defines compositepodgroups. Their rules are in the tags of the type,
// but for those of conditions. No kube-apiserver that has them has been recorded:
// the columns are those of podgroups.
var Resource = &registry.Resource[object]{
	GVR:      schedulingv1alpha3.SchemeGroupVersion.WithResource("compositepodgroups"),
	Gate:     features.CompositePodGroup,
	Singular: "compositepodgroup",
	New:      func() object { return &schedulingv1alpha3.CompositePodGroup{} },
	NewList:  func() runtime.Object { return &schedulingv1alpha3.CompositePodGroupList{} },
	Parts: registry.Parts[object]{
		Spec:   registry.Part(func(g object) *spec { return &g.Spec }),
		Status: registry.Part(func(g object) *schedulingv1alpha3.CompositePodGroupStatus { return &g.Status }),
	},
	ValidateName: apivalidation.NameIsDNSSubdomain,
	Hooks: registry.Hooks[object]{
		PrepareForCreate: func(_ context.Context, g object) { features.Drop(&g.Spec, nil, gated) },
		PrepareForUpdate: func(_ context.Context, g, old object) { features.Drop(&g.Spec, &old.Spec, gated) },
	},
	Facets: map[string]registry.Facet[object]{"status": {
		Metadata: registry.KeepUserMetadata(),
		Hooks:    registry.Hooks[object]{ValidateUpdate: validateStatus},
	}},
	DeclarativeConfig: declarativeConfig,
	Columns:           grouptable.Columns("CompositePodGroup", registry.Doc(spec{}, "schedulingPolicy"), shown),
}

var gated = []features.Gated[spec]{{
	Gate:  features.PodGroupPreemptionPolicy,
	Field: features.Pointer(func(s *spec) **schedulingv1alpha3.PreemptionPolicy { return &s.PreemptionPolicy }),
}}

// declarativeConfig lets a group keep its preemption policy.
func declarativeConfig(_, old object) rest.DeclarativeValidationConfig {
	return rest.DeclarativeValidationConfig{Options: map[string]bool{
		string(features.PodGroupPreemptionPolicy): features.Enabled(features.PodGroupPreemptionPolicy) || old != nil && old.Spec.PreemptionPolicy != nil,
	}}
}

func validateStatus(_ context.Context, g, _ object) field.ErrorList {
	return metav1validation.ValidateConditions(g.Status.Conditions, field.NewPath("status", "conditions"))
}

func shown(g object) grouptable.Group {
	of := grouptable.Group{Basic: g.Spec.SchedulingPolicy.Basic != nil, Gang: g.Spec.SchedulingPolicy.Gang != nil,
		Conditions: g.Status.Conditions, Scheduled: "CompositePodGroupInitiallyScheduled"}
	if ref := g.Spec.WorkloadRef; ref != nil {
		of.Workload = ref.WorkloadName
	}
	return of
}
