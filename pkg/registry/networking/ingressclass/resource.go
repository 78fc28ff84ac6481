// Package ingressclass defines ingressclasses.
package ingressclass

import (
	networkingv1 "k8s.io/api/networking/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type object = *networkingv1.IngressClass

// Resource defines ingressclasses.
var Resource = &registry.Resource[object]{
	GVR:           networkingv1.SchemeGroupVersion.WithResource("ingressclasses"),
	Singular:      "ingressclass",
	ClusterScoped: true,
	New:           func() object { return &networkingv1.IngressClass{} },
	NewList:       func() runtime.Object { return &networkingv1.IngressClassList{} },
	Parts: registry.Parts[object]{
		Spec:        registry.Part(func(c object) *networkingv1.IngressClassSpec { return &c.Spec }),
		Generations: true,
	},
	ValidateName: apivalidation.NameIsDNSSubdomain,
	Hooks: registry.Hooks[object]{
		Validate:       validate,
		OnUpdate:       []registry.Rule{registry.MetadataChange, registry.Change, registry.Whole},
		ValidateUpdate: validateUpdate,
	},
	Columns: []registry.Column[object]{
		{Name: "Name", Format: "name", Description: registry.NameColumn[object]().Description, Cell: name},
		{Name: "Controller", Description: "Controller that is responsible for handling this class",
			Cell: func(c object) any { return c.Spec.Controller }},
		{Name: "Parameters", Description: "A reference to a resource with additional parameters", Cell: parameters},
		registry.AgeColumn[object](),
	},
}

// name shows which class ingresses get that name none.
func name(c object) any {
	if c.Annotations[networkingv1.AnnotationIsDefaultIngressClass] == "true" {
		return c.Name + " (default)"
	}
	return c.Name
}

func parameters(c object) any {
	ref := c.Spec.Parameters
	switch {
	case ref == nil:
		return registry.None
	case ref.APIGroup != nil:
		return ref.Kind + "." + *ref.APIGroup + "/" + ref.Name
	}
	return ref.Kind + "/" + ref.Name
}
