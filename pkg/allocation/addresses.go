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

	"github.com/gatehouse-k8s/gatehouse/pkg/signals"
)

// IPAddresses is where the addresses that are taken are stored.
type IPAddresses interface {
	// Create returns an AlreadyExists error when the address is taken.
	Create(ctx context.Context, ip *networkingv1.IPAddress) error
	// Delete returns a NotFound error when the address is not taken.
	Delete(ctx context.Context, name string) error
}

// Addresses allocates cluster IPs.
type Addresses struct {
	objects IPAddresses
	// synced are closed when the first lists of the watches have arrived.
	synced []<-chan struct{}

	mu sync.Mutex
	// pools are those of the ServiceCIDRs that are ready.
	pools []*pool
	// used are the addresses that have an object, or are about to.
	used map[netip.Addr]struct{}
}

// syncTimeout is how long a request waits for the watches of a server that has
// just started.
const syncTimeout = 10 * time.Second

// Allocate takes any free address of a family. A dry run takes none, and returns
// the address of the network, which no service can have.
func (a *Addresses) Allocate(ctx context.Context, family corev1.IPFamily, service *corev1.Service, dryRun bool) (netip.Addr, error) {
	if err := a.wait(ctx); err != nil {
		return netip.Addr{}, err
	}
	if dryRun {
		return a.example(family)
	}
	for {
		ip, err := a.reserve(family)
		if err != nil {
			return netip.Addr{}, err
		}
		err = a.objects.Create(ctx, ObjectFor(ip, service))
		if err == nil {
			return ip, nil
		}
		// Another server has it: the watch will tell, and until then it must
		// not be chosen again.
		if !apierrors.IsAlreadyExists(err) {
			a.forget(ip)
			return netip.Addr{}, err
		}
	}
}

// Take takes a certain address. A dry run only looks whether it could be one
// of a service.
func (a *Addresses) Take(ctx context.Context, ip netip.Addr, service *corev1.Service, dryRun bool) error {
	if err := a.wait(ctx); err != nil {
		return err
	}
	if err := a.Allows(ip); err != nil || dryRun {
		return err
	}
	err := a.objects.Create(ctx, ObjectFor(ip, service))
	if apierrors.IsAlreadyExists(err) {
		return ErrAddressTaken
	}
	if err == nil {
		a.note(ip)
	}
	return err
}

// Release gives an address back. The watch makes it known.
func (a *Addresses) Release(ctx context.Context, ip netip.Addr) error {
	if err := a.objects.Delete(ctx, ip.String()); err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("releasing the cluster IP %s: %w", ip, err)
	}
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

// example returns an address for a dry run.
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

// Allows reports whether an address is one that services can have.
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

// mark needs the lock.
func (a *Addresses) mark(ip netip.Addr) {
	if _, already := a.used[ip]; already {
		return
	}
	a.used[ip] = struct{}{}
	for _, p := range a.pools {
		p.count(ip, 1)
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
		a.pools = append(a.pools, p)
	}
}

// reset replaces what is known to be used. What is being created right now
// may get lost: then its creation fails, and another address is chosen.
func (a *Addresses) reset(used map[netip.Addr]struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.used = used
	for _, p := range a.pools {
		p.taken = [2]uint64{}
		for ip := range used {
			p.count(ip, 1)
		}
	}
}

// FamilyOf returns the family of an address.
func FamilyOf(ip netip.Addr) corev1.IPFamily {
	if ip.Is4() {
		return corev1.IPv4Protocol
	}
	return corev1.IPv6Protocol
}
