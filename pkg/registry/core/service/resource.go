// Package service defines services. Creating, updating and deleting a service
// allocates and releases cluster IPs and node ports (see pkg/allocation).
package service

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/allocation"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/connect"
)

// New defines services whose addresses and ports are allocated by the
// allocators, and whose pods are reached by what is given.
func New(allocators *allocation.Services, needs connect.Needs) *registry.Resource[*corev1.Service] {
	return &registry.Resource[*corev1.Service]{
		GVR:                 corev1.SchemeGroupVersion.WithResource("services"),
		Singular:            "service",
		ShortNames:          []string{"svc"},
		Categories:          []string{"all"},
		New:                 func() *corev1.Service { return &corev1.Service{} },
		NewList:             func() runtime.Object { return &corev1.ServiceList{} },
		Prefix:              "services/specs",
		PutCreates:          true,
		ReturnDeletedObject: true,
		Parts: registry.Parts[*corev1.Service]{
			Spec:   registry.Part(func(s *corev1.Service) *corev1.ServiceSpec { return &s.Spec }),
			Status: registry.Part(func(s *corev1.Service) *corev1.ServiceStatus { return &s.Status }),
		},
		ValidateName: apivalidation.NameIsDNSLabel,
		Hooks: registry.Hooks[*corev1.Service]{
			PrepareForUpdate: prepareForUpdate,
			Validate:         func(_ context.Context, s *corev1.Service) field.ErrorList { return validateSpec(s, nil) },
			ValidateUpdate:   validateUpdate,
			WarningsOnCreate: func(_ context.Context, s *corev1.Service) []string { return warnings(s) },
			WarningsOnUpdate: func(_ context.Context, s, _ *corev1.Service) []string { return warnings(s) },
		},
		Facets: map[string]registry.Facet[*corev1.Service]{"status": {
			Hooks: registry.Hooks[*corev1.Service]{ValidateUpdate: validateStatusUpdate},
		}},
		Fields: []registry.Field[*corev1.Service]{
			{Name: "spec.clusterIP", Value: func(s *corev1.Service) string { return s.Spec.ClusterIP }},
			{Name: "spec.type", Value: func(s *corev1.Service) string { return string(s.Spec.Type) }},
		},
		Columns: columns,
		Customize: func(store *genericregistry.Store, deps registry.Deps) {
			a := &allocator{Services: allocators, objects: deps.Objects}
			store.BeginCreate, store.BeginUpdate, store.AfterDelete = a.beginCreate, a.beginUpdate, a.afterDelete
		},
		Subresources: func(main *registry.REST, deps registry.Deps) map[string]rest.Storage {
			return map[string]rest.Storage{"proxy": newProxy(main.Store, deps.Objects, needs)}
		},
	}
}

// prepareForUpdate clears the load balancer in the status of a service whose
// type is no longer LoadBalancer.
func prepareForUpdate(_ context.Context, s, _ *corev1.Service) {
	if s.Spec.Type != corev1.ServiceTypeLoadBalancer {
		s.Status.LoadBalancer = corev1.LoadBalancerStatus{}
	}
}
