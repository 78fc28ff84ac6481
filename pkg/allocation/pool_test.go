package allocation

import (
	"net/netip"
	"testing"
)

func TestPoolBands(t *testing.T) {
	for cidr, want := range map[string][3]uint64{
		"10.0.0.0/24":     {1, 17, 255},
		"10.0.0.0/28":     {1, 1, 15},
		"10.0.0.0/16":     {1, 257, 65535},
		"10.0.0.0/20":     {1, 256, 4095},
		"10.0.0.0/30":     {1, 1, 3},
		"10.0.0.0/31":     {1, 1, 1},
		"10.0.0.0/32":     {1, 1, 1},
		"2001:db8::/112":  {1, 257, 65536},
		"2001:db8::/127":  {1, 1, 2},
		"2001:db8::/128":  {1, 1, 1},
		"2001:db8::/64":   {1, 257, 1 << 63},
		"2001:db8:0::/48": {1, 257, 1 << 63},
	} {
		p := newPool(netip.MustParsePrefix(cidr))
		if got := [3]uint64{p.first, p.dynamic, p.end}; got != want {
			t.Errorf("%s: %v, want %v", cidr, got, want)
		}
	}
}

// TestPoolExhausted takes every address. Those of the upper band come first,
// none comes twice, and the network and broadcast addresses are never returned.
func TestPoolExhausted(t *testing.T) {
	p := newPool(netip.MustParsePrefix("10.0.1.0/24"))
	used := map[netip.Addr]struct{}{}
	for i := range 254 {
		ip, ok := p.free(used)
		if !ok {
			t.Fatalf("no address after %d", i)
		}
		if _, twice := used[ip]; twice || !p.prefix.Contains(ip) {
			t.Fatalf("%s is not free", ip)
		}
		last := ip.As4()[3]
		if last == 0 || last == 255 || (last < 17) != (i >= 238) {
			t.Fatalf("%s is number %d", ip, i)
		}
		used[ip] = struct{}{}
		p.count(ip, 1)
	}
	if ip, ok := p.free(used); ok {
		t.Errorf("%s from a pool that is exhausted", ip)
	}
	back := netip.MustParseAddr("10.0.1.77")
	delete(used, back)
	p.count(back, -1)
	if ip, ok := p.free(used); !ok || ip != back {
		t.Errorf("%v, %v, want the only free address", ip, ok)
	}
}

func TestPoolOffset(t *testing.T) {
	for _, c := range []struct {
		cidr, ip string
		want     uint64
		ok       bool
	}{
		{"10.0.0.0/24", "10.0.0.1", 1, true},
		{"10.0.0.0/24", "10.0.0.254", 254, true},
		{"10.0.0.0/24", "10.0.0.0", 0, false},
		{"10.0.0.0/24", "10.0.0.255", 255, false},
		{"10.0.0.0/24", "10.0.1.1", 0, false},
		{"10.0.0.0/24", "2001:db8::1", 0, false},
		{"2001:db8::/112", "2001:db8::ffff", 65535, true},
		{"2001:db8::/48", "2001:db8:0:1::1", 0, false},
	} {
		p := newPool(netip.MustParsePrefix(c.cidr))
		got, ok := p.offset(netip.MustParseAddr(c.ip))
		if ok != c.ok || ok && got != c.want {
			t.Errorf("%s in %s: %d, %v", c.ip, c.cidr, got, ok)
		}
		if ok && p.address(got) != netip.MustParseAddr(c.ip) {
			t.Errorf("%s in %s: back as %s", c.ip, c.cidr, p.address(got))
		}
	}
}
