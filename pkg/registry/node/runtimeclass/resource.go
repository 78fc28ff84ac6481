// Package runtimeclass defines runtimeclasses.
package runtimeclass

import (
	nodev1 "k8s.io/api/node/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// Resource defines runtimeclasses.
var Resource = &registry.Resource[*nodev1.RuntimeClass]{
	GVR:               nodev1.SchemeGroupVersion.WithResource("runtimeclasses"),
	Singular:          "runtimeclass",
	ClusterScoped:     true,
	New:               func() *nodev1.RuntimeClass { return &nodev1.RuntimeClass{} },
	NewList:           func() runtime.Object { return &nodev1.RuntimeClassList{} },
	PutCreates:        true,
	ConditionalUpdate: true,
	ValidateName:      apivalidation.NameIsDNSSubdomain,
	AnyFinalizer:      true,
	Hooks: registry.Hooks[*nodev1.RuntimeClass]{
		Validate:       validate,
		OnUpdate:       []registry.Rule{registry.MetadataChange, registry.Whole, registry.Change},
		ValidateUpdate: validateUpdate,
	},
	Columns: []registry.Column[*nodev1.RuntimeClass]{
		registry.NameColumn[*nodev1.RuntimeClass](),
		// Without a description, as from kube-apiserver.
		{Name: "Handler", Cell: func(c *nodev1.RuntimeClass) any { return c.Handler }},
		registry.AgeColumn[*nodev1.RuntimeClass](),
	},
}
