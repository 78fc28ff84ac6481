package server

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/registry/generic"
	apistorage "k8s.io/apiserver/pkg/storage"

	"github.com/gatehouse-k8s/gatehouse/pkg/allocation"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/bootstrap"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/options"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/serverleases"
)

var ipAddresses = networkingv1.SchemeGroupVersion.WithResource("ipaddresses")

// newServices creates the allocators of cluster IPs and node ports, and returns
// what the post-start hooks need to know about services. raw creates storage
// without a watch cache.
func newServices(b *base, raw generic.StorageDecorator) (bootstrap.Services, error) {
	o := b.options
	services := bootstrap.Services{
		Allocation:       &allocation.Services{Families: o.Services.Families()},
		Ranges:           o.Services.Ranges(),
		Address:          o.Generic.AdvertiseAddress,
		Port:             o.SecureServing.BindPort,
		NodePort:         o.Services.KubernetesNodePort,
		ReconcileByLease: o.Services.EndpointReconciler == options.ReconcileByLease,
		ReconcileByCount: o.Services.EndpointReconciler == options.ReconcileByCount,
		Servers:          o.Servers,
	}
	var err error
	if services.Leases, err = newServerLeases(b, raw, serverleases.Addresses); err != nil {
		return services, err
	}
	ranges, err := newStore(b, raw, "servicenodeportallocations", "/ranges", func() runtime.Object { return &corev1.RangeAllocation{} }, nil)
	if err != nil {
		return services, err
	}
	services.Allocation.NodePorts = allocation.NewNodePorts(o.Services.NodePorts, ranges)
	networking := b.informers.Networking().V1()
	services.Allocation.Addresses, err = allocation.NewAddresses(addressObjects{b.objects}, networking.ServiceCIDRs(), networking.IPAddresses())
	return services, err
}

// newServerLeases creates the storage of the servers' addresses below a prefix.
func newServerLeases(b *base, raw generic.StorageDecorator, prefix string) (*serverleases.Store, error) {
	storage, err := newStore(b, raw, prefix[1:], prefix, func() runtime.Object { return &corev1.Endpoints{} },
		func() runtime.Object { return &corev1.EndpointsList{} })
	return serverleases.New(storage, prefix), err
}

// newStore creates storage below a prefix for objects that are not served as a
// resource. They are never encrypted, not even by "*.*" in the encryption
// configuration, so that kube-apiserver can read them.
func newStore(b *base, raw generic.StorageDecorator, resource, prefix string, newFunc, newListFunc func() runtime.Object) (apistorage.Interface, error) {
	restOptions, err := b.generic.RESTOptionsGetter.GetRESTOptions(schema.GroupResource{Resource: resource}, newFunc())
	if err != nil {
		return nil, fmt.Errorf("storage of %s: %w", resource, err)
	}
	config := *restOptions.StorageConfig
	config.Transformer = nil
	store, destroy, err := raw(&config, prefix, nil, newFunc, newListFunc, nil, nil, nil)
	if err != nil {
		return nil, fmt.Errorf("storage of %s: %w", resource, err)
	}
	b.life.onClose(destroy)
	return store, nil
}

// addressObjects reads and writes IPAddresses in the storage directly, without
// an API request.
type addressObjects struct{ *objects.Access }

// Create implements allocation.IPAddresses.
func (a addressObjects) Create(ctx context.Context, ip *networkingv1.IPAddress) error {
	return objects.Create(ctx, a.Access, ipAddresses, ip)
}

// Delete implements allocation.IPAddresses.
func (a addressObjects) Delete(ctx context.Context, name string, uid types.UID) error {
	return objects.Delete(ctx, a.Access, ipAddresses, "", name, uid)
}
