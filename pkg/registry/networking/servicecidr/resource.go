// Package servicecidr defines service CIDRs, the ranges that the cluster IPs of
// services are taken from.
package servicecidr

import (
	"context"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

const version = "networking.k8s.io/v1"

// Resource defines service CIDRs.
var Resource = &registry.Resource[*networkingv1.ServiceCIDR]{
	GVR:           networkingv1.SchemeGroupVersion.WithResource("servicecidrs"),
	Singular:      "servicecidr",
	ClusterScoped: true,
	New:           func() *networkingv1.ServiceCIDR { return &networkingv1.ServiceCIDR{} },
	NewList:       func() runtime.Object { return &networkingv1.ServiceCIDRList{} },
	Hooks: registry.Hooks[*networkingv1.ServiceCIDR]{
		PrepareForCreate: func(_ context.Context, c *networkingv1.ServiceCIDR) { c.Status = networkingv1.ServiceCIDRStatus{} },
		PrepareForUpdate: func(_ context.Context, c, old *networkingv1.ServiceCIDR) { c.Status = old.Status },
		Validate:         validate,
		ValidateUpdate:   validateUpdate,
		WarningsOnCreate: warningsOnCreate,
		ResetFields:      registry.Reset(version, []string{"status"}),
	},
	Status: &registry.Hooks[*networkingv1.ServiceCIDR]{
		PrepareForUpdate: func(_ context.Context, c, old *networkingv1.ServiceCIDR) {
			c.Spec = old.Spec
			metav1.ResetObjectMetaForStatus(&c.ObjectMeta, &old.ObjectMeta)
		},
		ValidateUpdate: validateStatusUpdate,
		ResetFields:    registry.Reset(version, []string{"spec"}, []string{"metadata"}),
	},
	Columns: []registry.Column[*networkingv1.ServiceCIDR]{
		registry.NameColumn[*networkingv1.ServiceCIDR](),
		{Name: "CIDRs", Description: registry.Doc(networkingv1.ServiceCIDRSpec{}, "cidrs"),
			Cell: func(c *networkingv1.ServiceCIDR) any { return strings.Join(c.Spec.CIDRs, ",") }},
		registry.AgeColumn[*networkingv1.ServiceCIDR](),
	},
}
