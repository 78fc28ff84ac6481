package peers

import (
	"context"
	"fmt"
	"net"
	"path"
	"strconv"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/reconcilers"
	"k8s.io/apiserver/pkg/registry/rest"
	apistorage "k8s.io/apiserver/pkg/storage"
	"k8s.io/utils/ptr"
)

const (
	// LeasesKey is the storage prefix of the addresses of servers.
	LeasesKey = "/peerserverleases"
	// leaseTime is how long an address is valid after the last renewal, and renewInterval
	// the time between two renewals. They are kube-apiserver's.
	leaseTime     = 15 * time.Second
	renewInterval = 10 * time.Second
)

// leases stores the addresses of the servers, in the form of kube-apiserver: each server has one
// object, which etcd deletes if the server does not renew it. The library's type for this
// connects to etcd by gRPC, which the etcd in the process does not offer.
type leases struct {
	store   apistorage.Interface
	stopped atomic.Bool
}

var _ reconcilers.PeerEndpointLeaseReconciler = (*leases)(nil)

func leaseKey(serverID string) string { return path.Join(LeasesKey, serverID) }

// GetEndpoint implements reconcilers.PeerEndpointLeaseReconciler. It returns host and port.
func (l *leases) GetEndpoint(serverID string) (string, error) {
	lease := &corev1.Endpoints{}
	if err := l.store.Get(context.Background(), leaseKey(serverID), apistorage.GetOptions{}, lease); err != nil {
		return "", fmt.Errorf("the address of the API server %s: %w", serverID, err)
	}
	for _, subset := range lease.Subsets {
		if len(subset.Addresses) > 0 && len(subset.Ports) > 0 {
			return net.JoinHostPort(subset.Addresses[0].IP, strconv.Itoa(int(subset.Ports[0].Port))), nil
		}
	}
	return "", fmt.Errorf("the lease of the API server %s has no address", serverID)
}

// UpdateLease implements reconcilers.PeerEndpointLeaseReconciler. It increments the generation
// so that each write changes the object and renews the lease.
func (l *leases) UpdateLease(serverID string, ip string, ports []corev1.EndpointPort) error {
	if l.stopped.Load() {
		return nil
	}
	return l.store.GuaranteedUpdate(context.Background(), leaseKey(serverID), &corev1.Endpoints{}, true, nil,
		func(obj runtime.Object, _ apistorage.ResponseMeta) (runtime.Object, *uint64, error) {
			lease := obj.(*corev1.Endpoints)
			lease.Labels = map[string]string{reconcilers.APIServerIdentityLabel: serverID}
			lease.Subsets = []corev1.EndpointSubset{{Addresses: []corev1.EndpointAddress{{IP: ip}}, Ports: ports}}
			lease.Generation++
			return lease, ptr.To(uint64(leaseTime / time.Second)), nil
		}, nil)
}

// RemoveLease implements reconcilers.PeerEndpointLeaseReconciler.
func (l *leases) RemoveLease(serverID string) error {
	err := l.store.Delete(context.Background(), leaseKey(serverID), &corev1.Endpoints{}, nil, rest.ValidateAllObjectFunc, nil, apistorage.DeleteOptions{})
	if apistorage.IsNotFound(err) {
		return nil
	}
	return err
}

// StopReconciling implements reconcilers.PeerEndpointLeaseReconciler.
func (l *leases) StopReconciling() { l.stopped.Store(true) }

// Destroy implements reconcilers.PeerEndpointLeaseReconciler. The server closes the store.
func (l *leases) Destroy() {}
