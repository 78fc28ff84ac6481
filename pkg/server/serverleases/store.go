// Package serverleases stores which API servers run on a storage, and at which
// addresses. Each server has an object of its own, which etcd deletes if the
// server does not renew it. Objects and keys are those of kube-apiserver, so
// that servers of both kinds can share a storage.
//
// The library has types for this, but they connect to etcd by gRPC, which the
// etcd in the process does not offer.
package serverleases

import (
	"context"
	"path"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"
	apistorage "k8s.io/apiserver/pkg/storage"
	"k8s.io/utils/ptr"
)

const (
	// Addresses is the prefix of the addresses that the kubernetes service
	// has as its endpoints.
	Addresses = "/masterleases"
	// Peers is the prefix of the addresses at which servers reach each other.
	Peers = "/peerserverleases"

	// duration is how long an object remains after the last renewal, and RenewInterval
	// the time between two renewals. Both are kube-apiserver's.
	duration      = 15 * time.Second
	RenewInterval = 10 * time.Second
	// timeout limits each call. A renewal that took longer would come too late for the
	// next one, and a server that stops must not wait for a storage that has gone.
	timeout = duration - RenewInterval
)

// Store reads and writes the objects below one prefix.
type Store struct {
	storage apistorage.Interface
	prefix  string
}

// New returns a Store of the objects below the prefix, which is Addresses or Peers.
func New(storage apistorage.Interface, prefix string) *Store {
	return &Store{storage, prefix}
}

func (s *Store) key(server string) string { return path.Join(s.prefix, server) }

// Renew writes the addresses of a server. It increments the generation so that
// each write changes the object: a write without a change would not reach etcd
// and would not renew the lease.
func (s *Store) Renew(ctx context.Context, server string, labels map[string]string, addresses corev1.EndpointSubset) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return s.storage.GuaranteedUpdate(ctx, s.key(server), &corev1.Endpoints{}, true, nil,
		func(obj runtime.Object, _ apistorage.ResponseMeta) (runtime.Object, *uint64, error) {
			lease := obj.(*corev1.Endpoints)
			lease.Labels = labels
			lease.Subsets = []corev1.EndpointSubset{addresses}
			lease.Generation++
			return lease, ptr.To(uint64(duration / time.Second)), nil
		}, nil)
}

// Remove deletes the object of a server. It is no error if there is none.
func (s *Store) Remove(ctx context.Context, server string) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err := s.storage.Delete(ctx, s.key(server), &corev1.Endpoints{}, nil, rest.ValidateAllObjectFunc, nil, apistorage.DeleteOptions{})
	if apistorage.IsNotFound(err) {
		return nil
	}
	return err
}

// Get returns the object of a server.
func (s *Store) Get(ctx context.Context, server string) (*corev1.Endpoints, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	lease := &corev1.Endpoints{}
	return lease, s.storage.Get(ctx, s.key(server), apistorage.GetOptions{}, lease)
}

// List returns the objects of all servers.
func (s *Store) List(ctx context.Context) ([]corev1.Endpoints, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	list := &corev1.EndpointsList{}
	err := s.storage.GetList(ctx, s.prefix, apistorage.ListOptions{Predicate: apistorage.Everything, Recursive: true}, list)
	return list.Items, err
}
