// Package networkpolicy defines networkpolicies.
package networkpolicy

import (
	networkingv1 "k8s.io/api/networking/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type object = *networkingv1.NetworkPolicy

// Resource defines networkpolicies.
var Resource = &registry.Resource[object]{
	GVR:        networkingv1.SchemeGroupVersion.WithResource("networkpolicies"),
	Singular:   "networkpolicy",
	ShortNames: []string{"netpol"},
	New:        func() object { return &networkingv1.NetworkPolicy{} },
	NewList:    func() runtime.Object { return &networkingv1.NetworkPolicyList{} },
	Parts: registry.Parts[object]{
		Spec:        registry.Part(func(n object) *networkingv1.NetworkPolicySpec { return &n.Spec }),
		Generations: true,
	},
	ValidateName: apivalidation.NameIsDNSSubdomain,
	Hooks: registry.Hooks[object]{
		Validate:         validate,
		ValidateUpdate:   validateUpdate,
		WarningsOnCreate: warningsOnCreate,
		WarningsOnUpdate: warningsOnUpdate,
	},
	Columns: []registry.Column[object]{
		registry.NameColumn[object](),
		{Name: "Pod-Selector", Description: registry.Doc(networkingv1.NetworkPolicySpec{}, "podSelector"),
			Cell: func(n object) any { return metav1.FormatLabelSelector(&n.Spec.PodSelector) }},
		registry.AgeColumn[object](),
	},
}
