// Package servicecidr defines service CIDRs, the ranges from which the cluster
// IPs of services are allocated.
package servicecidr

import (
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	networkingv1beta1 "k8s.io/api/networking/v1beta1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// Resource defines service CIDRs.
var Resource = &registry.Resource[*networkingv1.ServiceCIDR]{
	GVR:           networkingv1.SchemeGroupVersion.WithResource("servicecidrs"),
	Versions:      []schema.GroupVersion{networkingv1.SchemeGroupVersion, networkingv1beta1.SchemeGroupVersion},
	Singular:      "servicecidr",
	ClusterScoped: true,
	New:           func() *networkingv1.ServiceCIDR { return &networkingv1.ServiceCIDR{} },
	NewList:       func() runtime.Object { return &networkingv1.ServiceCIDRList{} },
	Parts: registry.Parts[*networkingv1.ServiceCIDR]{
		Spec:   registry.Part(func(c *networkingv1.ServiceCIDR) *networkingv1.ServiceCIDRSpec { return &c.Spec }),
		Status: registry.Part(func(c *networkingv1.ServiceCIDR) *networkingv1.ServiceCIDRStatus { return &c.Status }),
	},
	ValidateName: apivalidation.NameIsDNSSubdomain,
	Hooks: registry.Hooks[*networkingv1.ServiceCIDR]{
		Validate:         validate,
		ValidateUpdate:   validateUpdate,
		WarningsOnCreate: warningsOnCreate,
	},
	Facets: map[string]registry.Facet[*networkingv1.ServiceCIDR]{"status": {Metadata: registry.KeepUserMetadata()}},
	Columns: []registry.Column[*networkingv1.ServiceCIDR]{
		registry.NameColumn[*networkingv1.ServiceCIDR](),
		{Name: "CIDRs", Description: registry.Doc(networkingv1.ServiceCIDRSpec{}, "cidrs"),
			Cell: func(c *networkingv1.ServiceCIDR) any { return strings.Join(c.Spec.CIDRs, ",") }},
		registry.AgeColumn[*networkingv1.ServiceCIDR](),
	},
}
