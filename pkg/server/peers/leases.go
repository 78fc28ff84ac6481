package peers

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apiserver/pkg/reconcilers"

	"github.com/gatehouse-k8s/gatehouse/pkg/server/serverleases"
)

// leases stores the addresses at which the servers reach each other.
type leases struct {
	store   *serverleases.Store
	stopped atomic.Bool
}

var _ reconcilers.PeerEndpointLeaseReconciler = (*leases)(nil)

// GetEndpoint implements reconcilers.PeerEndpointLeaseReconciler. It returns host and port.
func (l *leases) GetEndpoint(serverID string) (string, error) {
	lease, err := l.store.Get(context.Background(), serverID)
	if err != nil {
		return "", fmt.Errorf("the address of the API server %s: %w", serverID, err)
	}
	for _, subset := range lease.Subsets {
		if len(subset.Addresses) > 0 && len(subset.Ports) > 0 {
			return net.JoinHostPort(subset.Addresses[0].IP, strconv.Itoa(int(subset.Ports[0].Port))), nil
		}
	}
	return "", fmt.Errorf("the lease of the API server %s has no address", serverID)
}

// UpdateLease implements reconcilers.PeerEndpointLeaseReconciler.
func (l *leases) UpdateLease(serverID string, ip string, ports []corev1.EndpointPort) error {
	if l.stopped.Load() {
		return nil
	}
	return l.store.Renew(context.Background(), serverID, map[string]string{reconcilers.APIServerIdentityLabel: serverID},
		corev1.EndpointSubset{Addresses: []corev1.EndpointAddress{{IP: ip}}, Ports: ports})
}

// RemoveLease implements reconcilers.PeerEndpointLeaseReconciler.
func (l *leases) RemoveLease(serverID string) error {
	return l.store.Remove(context.Background(), serverID)
}

// StopReconciling implements reconcilers.PeerEndpointLeaseReconciler.
func (l *leases) StopReconciling() { l.stopped.Store(true) }

// Destroy implements reconcilers.PeerEndpointLeaseReconciler. The server closes the store.
func (l *leases) Destroy() {}
