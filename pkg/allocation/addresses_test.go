package allocation

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// fakeObjects is a storage that several servers share.
type fakeObjects struct {
	mu  sync.Mutex
	all map[string]*networkingv1.IPAddress
	// err is the error of each Create operation. late means that the object is
	// stored nevertheless.
	err  error
	late bool
	uids int
}

func (f *fakeObjects) Create(_ context.Context, ip *networkingv1.IPAddress) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.uids++
	ip.UID = types.UID(strconv.Itoa(f.uids))
	if f.err != nil && !f.late {
		return f.err
	}
	if f.all[ip.Name] != nil {
		return apierrors.NewAlreadyExists(networkingv1.Resource("ipaddresses"), ip.Name)
	}
	f.all[ip.Name] = ip
	return f.err
}

func (f *fakeObjects) Delete(ctx context.Context, name string, uid types.UID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if f.all[name] == nil {
		return apierrors.NewNotFound(networkingv1.Resource("ipaddresses"), name)
	}
	if uid != "" && f.all[name].UID != uid {
		return apierrors.NewConflict(networkingv1.Resource("ipaddresses"), name, errors.New("another UID"))
	}
	delete(f.all, name)
	return nil
}

func newAllocator(objects IPAddresses, cidrs ...string) *Addresses {
	a := &Addresses{objects: objects, used: map[netip.Addr]struct{}{}}
	var prefixes []netip.Prefix
	for _, cidr := range cidrs {
		prefixes = append(prefixes, netip.MustParsePrefix(cidr))
	}
	a.setPools(prefixes)
	return a
}

var service = &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "s"}}

// TestNoAddressTwice lets 64 clients of two servers allocate all addresses. The
// servers do not know about each other's allocations.
func TestNoAddressTwice(t *testing.T) {
	objects := &fakeObjects{all: map[string]*networkingv1.IPAddress{}}
	servers := []*Addresses{newAllocator(objects, "10.0.0.0/25", "10.0.1.0/25"), newAllocator(objects, "10.0.0.0/25", "10.0.1.0/25")}
	var mu sync.Mutex
	owners := map[netip.Addr]string{}
	var clients sync.WaitGroup
	for client := range 64 {
		clients.Go(func() {
			for i := 0; ; i++ {
				ip, err := servers[client%2].Allocate(t.Context(), corev1.IPv4Protocol, service, false)
				if errors.Is(err, ErrFull) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if other, twice := owners[ip]; twice {
					t.Errorf("%s is that of %s and of %d/%d", ip, other, client, i)
				}
				owners[ip] = fmt.Sprintf("%d/%d", client, i)
				mu.Unlock()
			}
		})
	}
	clients.Wait()
	if want := 2 * 126; len(owners) != want || len(objects.all) != want {
		t.Errorf("%d addresses and %d objects, want %d", len(owners), len(objects.all), want)
	}
}

func TestTake(t *testing.T) {
	objects := &fakeObjects{all: map[string]*networkingv1.IPAddress{}}
	a := newAllocator(objects, "10.0.0.0/24")
	for _, c := range []struct {
		ip     string
		dryRun bool
		want   string
	}{
		{"10.0.0.9", true, ""},
		{"10.0.0.9", false, ""},
		{"10.0.0.9", false, "provided IP is already allocated"},
		{"10.0.0.9", true, ""},
		{"10.0.0.0", false, "the provided IP (10.0.0.0) is not in the valid range. The range of valid IPs is 10.0.0.0/24"},
		{"10.0.1.1", false, "the provided network does not match the current range"},
		{"10.0.1.1", true, "the provided network does not match the current range"},
	} {
		got := ""
		if err := a.Take(t.Context(), netip.MustParseAddr(c.ip), service, c.dryRun); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s (dry run: %v): %q, want %q", c.ip, c.dryRun, got, c.want)
		}
	}
	if len(objects.all) != 1 || !belongsTo(objects.all["10.0.0.9"], service) {
		t.Errorf("objects: %v", objects.all)
	}
	if err := a.Release(t.Context(), netip.MustParseAddr("10.0.0.9")); err != nil || len(objects.all) != 0 {
		t.Errorf("released: %v, %v", err, objects.all)
	}
	if err := a.Release(t.Context(), netip.MustParseAddr("10.0.0.9")); err != nil {
		t.Errorf("released again: %v", err)
	}
}

// TestReleaseWithoutWatch allocates and releases more addresses than there are while no
// watch reports anything.
func TestReleaseWithoutWatch(t *testing.T) {
	t.Parallel()
	a := newAllocator(&fakeObjects{all: map[string]*networkingv1.IPAddress{}}, "10.0.0.0/29")
	for range 20 {
		ip, err := a.Allocate(t.Context(), corev1.IPv4Protocol, &corev1.Service{}, false)
		if err == nil {
			err = a.Release(t.Context(), ip)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestFailedCreation checks that an address is free again when the creation of
// its object has failed.
func TestFailedCreation(t *testing.T) {
	broken := errors.New("etcd is away")
	objects := &fakeObjects{all: map[string]*networkingv1.IPAddress{}, err: broken}
	a := newAllocator(objects, "10.0.0.0/29")
	for range 20 {
		if _, err := a.Allocate(t.Context(), corev1.IPv4Protocol, service, false); !errors.Is(err, broken) {
			t.Fatalf("error %v", err)
		}
	}
	if len(a.used) != 0 || a.pools[0].taken != [2]uint64{} {
		t.Errorf("used: %v, %v", a.used, a.pools[0].taken)
	}
}

// TestAnswerLost checks that nothing stays allocated when etcd has stored the
// object, but the client has hung up before the answer.
func TestAnswerLost(t *testing.T) {
	ip := netip.MustParseAddr("10.0.0.3")
	objects := &fakeObjects{all: map[string]*networkingv1.IPAddress{}, late: true}
	a := newAllocator(objects, "10.0.0.0/29")
	if err := a.Take(t.Context(), ip, service, false); err != nil {
		t.Fatal(err)
	}
	objects.err = context.Canceled
	for range 20 {
		ctx, hangUp := context.WithCancel(t.Context())
		time.AfterFunc(time.Millisecond, hangUp)
		if _, err := a.Allocate(ctx, corev1.IPv4Protocol, service, false); !errors.Is(err, context.Canceled) {
			t.Fatalf("any address: %v", err)
		}
		if err := a.Take(ctx, netip.MustParseAddr("10.0.0.4"), service, false); !errors.Is(err, context.Canceled) {
			t.Fatalf("a specific address: %v", err)
		}
		hangUp()
		if _, err := a.Allocate(ctx, corev1.IPv4Protocol, service, false); !errors.Is(err, context.Canceled) {
			t.Fatalf("after the client has hung up: %v", err)
		}
	}
	objects.late = false
	if err := a.Take(t.Context(), ip, service, false); !errors.Is(err, context.Canceled) {
		t.Errorf("an address that is allocated: %v", err)
	}
	if len(objects.all) != 1 || objects.all[ip.String()] == nil || len(a.used) != 1 {
		t.Errorf("allocated: %v, used: %v, want only %s", objects.all, a.used, ip)
	}
}

func TestFamilyAndDryRun(t *testing.T) {
	objects := &fakeObjects{all: map[string]*networkingv1.IPAddress{}}
	a := newAllocator(objects, "10.0.0.0/24", "2001:db8::/112")
	for family, want := range map[corev1.IPFamily]string{corev1.IPv4Protocol: "10.0.0.0", corev1.IPv6Protocol: "2001:db8::"} {
		ip, err := a.Allocate(t.Context(), family, service, true)
		if err != nil || ip.String() != want {
			t.Errorf("dry run: %v, %v, want %s", ip, err, want)
		}
		if ip, err = a.Allocate(t.Context(), family, service, false); err != nil || FamilyOf(ip) != family {
			t.Errorf("%s: %v, %v", family, ip, err)
		}
	}
	if len(objects.all) != 2 {
		t.Errorf("objects: %v", objects.all)
	}
	a.setPools(nil)
	if _, err := a.Allocate(t.Context(), corev1.IPv4Protocol, service, false); !errors.Is(err, ErrNotReady) {
		t.Errorf("without a range: %v", err)
	}
}

// TestBandCounts checks that the counters follow allocations and releases.
func TestBandCounts(t *testing.T) {
	a := newAllocator(&fakeObjects{}, "10.0.0.0/24")
	low, high, other := netip.MustParseAddr("10.0.0.3"), netip.MustParseAddr("10.0.0.200"), netip.MustParseAddr("10.9.0.1")
	for _, ip := range []netip.Addr{low, low, high, other} {
		a.note(ip)
	}
	if got := a.pools[0].taken; got != [2]uint64{1, 1} {
		t.Errorf("after adding: %v", got)
	}
	a.setPools([]netip.Prefix{a.pools[0].prefix, netip.MustParsePrefix("10.9.0.0/24")})
	if a.pools[0].taken != [2]uint64{1, 1} || a.pools[1].taken != [2]uint64{1, 0} {
		t.Errorf("with another range: %v, %v", a.pools[0].taken, a.pools[1].taken)
	}
	a.forget(high)
	a.forget(high)
	a.reset(map[netip.Addr]struct{}{low: {}, other: {}})
	if got := a.pools[0].taken; got != [2]uint64{1, 0} {
		t.Errorf("in the end: %v", got)
	}
}
