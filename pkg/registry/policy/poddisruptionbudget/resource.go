// Package poddisruptionbudget defines disruption budgets, which limit how many
// pods may be evicted at a time.
package poddisruptionbudget

import (
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type object = *policyv1.PodDisruptionBudget

// Resource defines disruption budgets.
var Resource = &registry.Resource[object]{
	GVR:        policyv1.SchemeGroupVersion.WithResource("poddisruptionbudgets"),
	Singular:   "poddisruptionbudget",
	ShortNames: []string{"pdb"},
	New:        func() object { return &policyv1.PodDisruptionBudget{} },
	NewList:    func() runtime.Object { return &policyv1.PodDisruptionBudgetList{} },
	Parts: registry.Parts[object]{
		Spec:        registry.Part(func(b object) *policyv1.PodDisruptionBudgetSpec { return &b.Spec }),
		Status:      registry.Part(func(b object) *policyv1.PodDisruptionBudgetStatus { return &b.Status }),
		Generations: true,
	},
	ConditionalUpdate: true,
	Hooks:             registry.Hooks[object]{Validate: validate, OnUpdate: []registry.Rule{registry.MetadataChange, registry.Whole}},
	Facets:            map[string]registry.Facet[object]{"status": {Hooks: registry.Hooks[object]{ValidateUpdate: validateStatusUpdate}}},
	Columns: []registry.Column[object]{
		registry.NameColumn[object](),
		{Name: "Min Available", Description: "The minimum number of pods that must be available.",
			Cell: func(b object) any { return cell(b.Spec.MinAvailable) }},
		{Name: "Max Unavailable", Description: "The maximum number of pods that may be unavailable.",
			Cell: func(b object) any { return cell(b.Spec.MaxUnavailable) }},
		{Name: "Allowed Disruptions", Type: "integer", Description: "Calculated number of pods that may be disrupted at this time.",
			Cell: func(b object) any { return b.Status.DisruptionsAllowed }},
		registry.AgeColumn[object](),
	},
}

func cell(n *intstr.IntOrString) any {
	if n == nil {
		return "N/A"
	}
	return n.String()
}
