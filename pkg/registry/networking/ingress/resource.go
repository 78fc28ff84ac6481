// Package ingress defines ingresses.
package ingress

import (
	"fmt"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type object = *networkingv1.Ingress

// Resource defines ingresses.
var Resource = &registry.Resource[object]{
	GVR:        networkingv1.SchemeGroupVersion.WithResource("ingresses"),
	Prefix:     "ingress",
	Singular:   "ingress",
	ShortNames: []string{"ing"},
	New:        func() object { return &networkingv1.Ingress{} },
	NewList:    func() runtime.Object { return &networkingv1.IngressList{} },
	Parts: registry.Parts[object]{
		Spec:        registry.Part(func(i object) *networkingv1.IngressSpec { return &i.Spec }),
		Status:      registry.Part(func(i object) *networkingv1.IngressStatus { return &i.Status }),
		Generations: true,
	},
	ValidateName: apivalidation.NameIsDNSSubdomain,
	Hooks: registry.Hooks[object]{
		Validate:         validate,
		OnUpdate:         []registry.Rule{registry.MetadataChange, registry.Metadata, registry.Change},
		ValidateUpdate:   validateUpdate,
		WarningsOnCreate: warningsOnCreate,
	},
	Facets: map[string]registry.Facet[object]{"status": {Hooks: registry.Hooks[object]{ValidateUpdate: validateStatusUpdate}}},
	Columns: []registry.Column[object]{
		registry.NameColumn[object](),
		{Name: "Class", Description: "The name of the IngressClass resource that should be used for additional configuration",
			Cell: func(i object) any { return ptr.Deref(i.Spec.IngressClassName, registry.None) }},
		{Name: "Hosts", Description: "Hosts that incoming requests are matched against before the ingress rule", Cell: hosts},
		{Name: "Address", Description: "Address is a list containing ingress points for the load-balancer", Cell: addresses},
		{Name: "Ports", Description: "Ports of TLS configurations that open", Cell: ports},
		registry.AgeColumn[object](),
	},
}

// hosts shows the hosts among the first rules.
func hosts(i object) any {
	const most = 3
	var names []string
	more := false
	for _, rule := range i.Spec.Rules {
		if len(names) == most {
			more = true
			break
		}
		if rule.Host != "" {
			names = append(names, rule.Host)
		}
	}
	switch list := strings.Join(names, ","); {
	case len(names) == 0:
		return "*"
	case more:
		return fmt.Sprintf("%s + %d more...", list, len(i.Spec.Rules)-most)
	default:
		return list
	}
}

func addresses(i object) any {
	all := sets.Set[string]{}
	for _, point := range i.Status.LoadBalancer.Ingress {
		switch {
		case point.IP != "":
			all.Insert(point.IP)
		case point.Hostname != "":
			all.Insert(point.Hostname)
		}
	}
	return strings.Join(sets.List(all), ",")
}

func ports(i object) any {
	if len(i.Spec.TLS) > 0 {
		return "80, 443"
	}
	return "80"
}
