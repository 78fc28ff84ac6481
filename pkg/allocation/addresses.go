package allocation

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatehouse-k8s/gatehouse/pkg/signals"
)

// IPAddresses stores the allocated addresses.
type IPAddresses interface {
	// Create returns an AlreadyExists error if the address is allocated. It
	// sets the UID of the object before it writes.
	Create(ctx context.Context, ip *networkingv1.IPAddress) error
	// Delete returns a NotFound error if the address is not allocated, and a
	// Conflict if the object has another UID. The UID may be empty.
	Delete(ctx context.Context, name string, uid types.UID) error
}

// Addresses allocates cluster IPs.
type Addresses struct {
	objects IPAddresses
	// synced contains a channel for each watch, which is closed when the first
	// list has arrived.
	synced []<-chan struct{}

	mu sync.Mutex
	// pools contains the ranges of the ServiceCIDRs that are ready.
	pools []*pool
	// used contains the addresses that have an IPAddress object, or for which
	// one is being created.
	used map[netip.Addr]struct{}
}

// syncTimeout limits how long a request waits for the watches when the server
// has just started.
const syncTimeout = 10 * time.Second

// writeTimeout limits how long a write to etcd may take. The context of the
// request does not: when the client hangs up during a write, the write can
// succeed nevertheless, and its outcome has to be known.
const writeTimeout = 10 * time.Second

// Allocate allocates any free address of a family. A dry run allocates nothing
// and returns the network address, which no service can have.
func (a *Addresses) Allocate(ctx context.Context, family corev1.IPFamily, service *corev1.Service, dryRun bool) (netip.Addr, error) {
	if err := a.wait(ctx); err != nil {
		return netip.Addr{}, err
	}
	if dryRun {
		return a.example(family)
	}
	began := time.Now()
	for {
		ip, err := a.reserve(family)
		if err != nil {
			return netip.Addr{}, err
		}
		err = a.create(ctx, ip, service)
		if err == nil {
			a.counted(ip, dynamic, began, nil)
			return ip, nil
		}
		// Another server has allocated this address. It stays marked as used,
		// so that it is not chosen again before the watch reports it.
		if !apierrors.IsAlreadyExists(err) {
			a.counted(ip, dynamic, began, err)
			a.forget(ip)
			return netip.Addr{}, err
		}
	}
}

// Take allocates a specific address. A dry run only checks that the address is
// in a range.
func (a *Addresses) Take(ctx context.Context, ip netip.Addr, service *corev1.Service, dryRun bool) error {
	if err := a.wait(ctx); err != nil {
		return err
	}
	if err := a.Allows(ip); err != nil || dryRun {
		return err
	}
	began := time.Now()
	err := a.create(ctx, ip, service)
	a.counted(ip, static, began, err)
	if apierrors.IsAlreadyExists(err) {
		return ErrAddressTaken
	}
	if err == nil {
		a.note(ip)
	}
	return err
}

// create allocates the address in etcd, unless the request was cancelled before.
// An error means that the address is not allocated to the service: what a
// failed write may have left is deleted.
func (a *Addresses) create(ctx context.Context, ip netip.Addr, service *corev1.Service) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	object := ObjectFor(ip, service)
	err := uncancelled(ctx, func(ctx context.Context) error { return a.objects.Create(ctx, object) })
	if err == nil || apierrors.IsAlreadyExists(err) || object.UID == "" {
		return err
	}
	left := uncancelled(ctx, func(ctx context.Context) error { return a.objects.Delete(ctx, object.Name, object.UID) })
	if left != nil && !apierrors.IsNotFound(left) && !apierrors.IsConflict(left) {
		return fmt.Errorf("%w (the repair loop will free the address if it was allocated: %w)", err, left)
	}
	return err
}

// uncancelled calls a function that writes to etcd, with a context that is not
// cancelled when the client hangs up.
func uncancelled(ctx context.Context, write func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	return write(ctx)
}

// Release frees an address. It does not leave that to the watch, which reports neither the
// creation nor the deletion of an object that was there only while the watch was interrupted. If
// the watch reports the deletion when the address is allocated again, the address can
// be chosen once more, and its creation fails.
func (a *Addresses) Release(ctx context.Context, ip netip.Addr) error {
	if err := a.objects.Delete(ctx, ip.String(), ""); err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("releasing the cluster IP %s: %w", ip, err)
	}
	a.forget(ip)
	return nil
}

func (a *Addresses) wait(ctx context.Context) error {
	if !signals.WaitFor(ctx, syncTimeout, a.synced...) {
		return ErrNotReady
	}
	return nil
}

// reserve chooses a free address and marks it as used.
func (a *Addresses) reserve(family corev1.IPFamily) (netip.Addr, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	err := errNoRange
	for _, p := range a.pools {
		if FamilyOf(p.prefix.Addr()) != family {
			continue
		}
		if ip, ok := p.free(a.used); ok {
			a.mark(ip)
			return ip, nil
		}
		err = ErrFull
	}
	return netip.Addr{}, err
}

// example returns the address for a dry run.
func (a *Addresses) example(family corev1.IPFamily) (netip.Addr, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, p := range a.pools {
		if FamilyOf(p.prefix.Addr()) == family {
			return p.prefix.Addr(), nil
		}
	}
	return netip.Addr{}, errNoRange
}

// Allows returns an error if services cannot have the address.
func (a *Addresses) Allows(ip netip.Addr) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	err := ErrOtherNetwork
	for _, p := range a.pools {
		if _, ok := p.offset(ip); ok {
			return nil
		}
		if p.prefix.Contains(ip) {
			err = fmt.Errorf(errAddressNotValid, ip, p.prefix)
		}
	}
	return err
}

// The caller must hold mu.
func (a *Addresses) mark(ip netip.Addr) {
	if _, already := a.used[ip]; already {
		return
	}
	a.used[ip] = struct{}{}
	for _, p := range a.pools {
		p.count(ip, 1)
		p.measure()
	}
}

func (a *Addresses) note(ip netip.Addr) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.mark(ip)
}

func (a *Addresses) forget(ip netip.Addr) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, was := a.used[ip]; !was {
		return
	}
	delete(a.used, ip)
	for _, p := range a.pools {
		p.count(ip, -1)
		p.measure()
	}
}

// setPools replaces the ranges.
func (a *Addresses) setPools(prefixes []netip.Prefix) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.pools = nil
	for _, prefix := range prefixes {
		p := newPool(prefix)
		for ip := range a.used {
			p.count(ip, 1)
		}
		p.measure()
		a.pools = append(a.pools, p)
	}
}

// reset replaces the set of used addresses. It can lose an address whose object
// is being created. If such an address is chosen again, its creation fails and
// another one is chosen.
func (a *Addresses) reset(used map[netip.Addr]struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.used = used
	for _, p := range a.pools {
		p.taken = [2]uint64{}
		for ip := range used {
			p.count(ip, 1)
		}
		p.measure()
	}
}

// counted counts the outcome of an allocation that began at a time.
func (a *Addresses) counted(ip netip.Addr, scope string, began time.Time, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, p := range a.pools {
		if _, ok := p.offset(ip); !ok {
			continue
		}
		cidr := p.prefix.String()
		if err != nil {
			ipErrors.WithLabelValues(cidr, scope).Inc()
			return
		}
		ipAllocations.WithLabelValues(cidr, scope).Inc()
		ipDuration.WithLabelValues(cidr).Observe(time.Since(began).Seconds())
		return
	}
}

// FamilyOf returns the IP family of an address.
func FamilyOf(ip netip.Addr) corev1.IPFamily {
	if ip.Is4() {
		return corev1.IPv4Protocol
	}
	return corev1.IPv6Protocol
}
