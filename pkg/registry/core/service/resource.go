// Package service defines services. Creating, changing and deleting one
// allocates and releases cluster IPs and node ports (pkg/allocation).
package service

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// Resource defines services.
var Resource registry.Definition = definition{services}

var services = &registry.Resource[*corev1.Service]{
	GVR:                 corev1.SchemeGroupVersion.WithResource("services"),
	Singular:            "service",
	ShortNames:          []string{"svc"},
	Categories:          []string{"all"},
	New:                 func() *corev1.Service { return &corev1.Service{} },
	NewList:             func() runtime.Object { return &corev1.ServiceList{} },
	Prefix:              "services/specs",
	PutCreates:          true,
	ReturnDeletedObject: true,
	Hooks: registry.Hooks[*corev1.Service]{
		PrepareForCreate: func(_ context.Context, s *corev1.Service) { s.Status = corev1.ServiceStatus{} },
		PrepareForUpdate: prepareForUpdate,
		Validate:         validate,
		ValidateUpdate:   validateUpdate,
		WarningsOnCreate: func(_ context.Context, s *corev1.Service) []string { return warnings(s) },
		WarningsOnUpdate: func(_ context.Context, s, _ *corev1.Service) []string { return warnings(s) },
		ResetFields:      registry.Reset("v1", []string{"status"}),
	},
	Fields: []registry.Field[*corev1.Service]{
		{Name: "spec.clusterIP", Value: func(s *corev1.Service) string { return s.Spec.ClusterIP }},
		{Name: "spec.type", Value: func(s *corev1.Service) string { return string(s.Spec.Type) }},
	},
	Columns: columns,
	Customize: func(store *genericregistry.Store, deps registry.Deps) {
		a := &allocator{Services: deps.Services, objects: deps.Objects}
		store.BeginCreate, store.BeginUpdate, store.AfterDelete = a.beginCreate, a.beginUpdate, a.afterDelete
	},
	Subresources: func(main *registry.REST, deps registry.Deps) map[string]rest.Storage {
		return map[string]rest.Storage{"proxy": &proxyREST{services: main.Store, objects: deps.Objects}}
	},
}

var statusHooks = registry.Hooks[*corev1.Service]{
	PrepareForUpdate: func(_ context.Context, s, old *corev1.Service) { s.Spec = old.Spec },
	ValidateUpdate:   validateStatusUpdate,
	ResetFields:      registry.Reset("v1", []string{"spec"}),
}

// definition adds the status, whose updates allocate nothing.
type definition struct {
	*registry.Resource[*corev1.Service]
}

// Storage implements registry.Definition.
func (d definition) Storage(deps registry.Deps) (map[string]rest.Storage, error) {
	storage, err := d.Resource.Storage(deps)
	if err != nil {
		return nil, err
	}
	status := d.WithHooks(storage["services"].(*registry.REST), deps, &statusHooks)
	status.BeginCreate, status.BeginUpdate = nil, nil
	storage["services/status"] = registry.NewStatusREST(status)
	return storage, nil
}

// prepareForUpdate keeps the status, and forgets the load balancer of a service
// that no longer has one.
func prepareForUpdate(_ context.Context, s, old *corev1.Service) {
	s.Status = *old.Status.DeepCopy()
	if s.Spec.Type != corev1.ServiceTypeLoadBalancer {
		s.Status.LoadBalancer = corev1.LoadBalancerStatus{}
	}
}
