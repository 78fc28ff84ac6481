package server

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apistorage "k8s.io/apiserver/pkg/storage"

	"github.com/gatehouse-k8s/gatehouse/pkg/allocation"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/bootstrap"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/options"
)

// services is what the server has for services.
type services struct {
	allocation *allocation.Services
	// leases has the addresses of the running servers.
	leases apistorage.Interface
}

var ipAddresses = networkingv1.SchemeGroupVersion.WithResource("ipaddresses")

// applyServices makes what allocates addresses and ports.
func (c *Config) applyServices() error {
	o := c.Options.Services
	c.services.allocation = &allocation.Services{Families: o.Families()}
	var err error
	if c.services.leases, err = c.store("masterleases", "/masterleases", func() runtime.Object { return &corev1.Endpoints{} },
		func() runtime.Object { return &corev1.EndpointsList{} }); err != nil {
		return err
	}
	ranges, err := c.store("servicenodeportallocations", "/ranges", func() runtime.Object { return &corev1.RangeAllocation{} }, nil)
	if err != nil {
		return err
	}
	c.services.allocation.NodePorts = allocation.NewNodePorts(o.NodePorts, ranges)
	networking := c.informers.Networking().V1()
	c.services.allocation.Addresses, err = allocation.NewAddresses(addressObjects{&c.objects}, networking.ServiceCIDRs(), networking.IPAddresses())
	return err
}

// store makes storage for objects that no resource serves, below a prefix.
func (c *Config) store(resource, prefix string, newFunc, newListFunc func() runtime.Object) (apistorage.Interface, error) {
	restOptions, err := c.Generic.RESTOptionsGetter.GetRESTOptions(schema.GroupResource{Resource: resource}, newFunc())
	if err != nil {
		return nil, fmt.Errorf("storage of %s: %w", resource, err)
	}
	store, destroy, err := c.rawStorage()(restOptions.StorageConfig, prefix, nil, newFunc, newListFunc, nil, nil, nil)
	if err != nil {
		return nil, fmt.Errorf("storage of %s: %w", resource, err)
	}
	c.closers = append(c.closers, destroy)
	return store, nil
}

// bootstrapServices is what the post-start hooks need.
func (c *Config) bootstrapServices() bootstrap.Services {
	o := c.Options
	return bootstrap.Services{
		Allocation:       c.services.allocation,
		Ranges:           o.Services.Ranges(),
		Leases:           c.services.leases,
		Address:          o.Generic.AdvertiseAddress,
		Port:             o.SecureServing.BindPort,
		NodePort:         o.Services.KubernetesNodePort,
		ReconcileByLease: o.Services.EndpointReconciler == options.ReconcileByLease,
		ReconcileByCount: o.Services.EndpointReconciler == options.ReconcileByCount,
		Servers:          o.Servers,
	}
}

// addressObjects stores IP addresses without a request.
type addressObjects struct{ *registry.Objects }

// Create implements allocation.IPAddresses.
func (a addressObjects) Create(ctx context.Context, ip *networkingv1.IPAddress) error {
	return registry.Create(ctx, a.Objects, ipAddresses, ip)
}

// Delete implements allocation.IPAddresses.
func (a addressObjects) Delete(ctx context.Context, name string) error {
	return registry.Delete(ctx, a.Objects, ipAddresses, "", name)
}
