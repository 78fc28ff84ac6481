package service

import (
	"context"
	"fmt"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// allocateAddresses allocates an address for each IP family of the service that
// has none, and releases the addresses that the service no longer uses.
func (a *allocator) allocateAddresses(ctx context.Context, t *transaction, s, old *corev1.Service, dryRun bool) error {
	var before []string
	if old != nil && allocatesClusterIP(old) {
		before = old.Spec.ClusterIPs
	}
	if !allocatesClusterIP(s) {
		if !dryRun {
			a.releaseAddresses(t, before)
		}
		return nil
	}
	if len(before) > len(s.Spec.IPFamilies) && !dryRun {
		a.releaseAddresses(t, before[len(s.Spec.IPFamilies):])
	}
	for i := len(before); i < len(s.Spec.IPFamilies); i++ {
		if i > 0 && i > len(s.Spec.ClusterIPs) {
			break
		}
		if err := a.allocateAddress(ctx, t, s, i, dryRun); err != nil {
			return err
		}
	}
	if len(s.Spec.ClusterIPs) > 0 {
		s.Spec.ClusterIP = s.Spec.ClusterIPs[0]
	}
	return nil
}

// allocateAddress allocates the i-th cluster IP of the service: the address
// that the service asks for, or any free one.
func (a *allocator) allocateAddress(ctx context.Context, t *transaction, s *corev1.Service, i int, dryRun bool) error {
	var ip netip.Addr
	var err error
	if i < len(s.Spec.ClusterIPs) && s.Spec.ClusterIPs[i] != "" {
		wanted := s.Spec.ClusterIPs[i]
		if ip, err = netip.ParseAddr(wanted); err != nil {
			return apierrors.NewInternalError(fmt.Errorf("failed to parse service IP %q", wanted))
		}
		if err = a.Addresses.Take(ctx, ip, s, dryRun); err != nil {
			return invalid(s, field.Invalid(clusterIPsPath, s.Spec.ClusterIPs, fmt.Sprintf("failed to allocate IP %v: %v", wanted, err)))
		}
	} else {
		ip, err = a.Addresses.Allocate(ctx, s.Spec.IPFamilies[i], s, dryRun)
		if apierrors.IsInvalid(err) { // the name of the service is not valid, as that of the parent of an address
			given := append(s.Spec.ClusterIPs[:i:i], "")
			return invalid(s, field.Invalid(clusterIPsPath, given, fmt.Sprintf("failed to allocate IP: %v", err)))
		}
		if err != nil {
			return apierrors.NewInternalError(fmt.Errorf("failed to allocate a serviceIP: %v", err))
		}
		s.Spec.ClusterIPs = append(s.Spec.ClusterIPs[:i:i], ip.String())
	}
	if !dryRun {
		t.rollback = append(t.rollback, func(ctx context.Context) error { return a.Addresses.Release(ctx, ip) })
	}
	return nil
}

// releaseAddresses releases the addresses when the write has succeeded.
func (a *allocator) releaseAddresses(t *transaction, addresses []string) {
	for _, address := range addresses {
		if ip, err := netip.ParseAddr(address); err == nil {
			t.commit = append(t.commit, func(ctx context.Context) error { return a.Addresses.Release(ctx, ip) })
		}
	}
}
