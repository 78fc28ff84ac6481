package allocation

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
)

// pool is the set of usable addresses of one CIDR. An address is represented by
// its offset in the CIDR.
type pool struct {
	prefix netip.Prefix
	// The lower band is [first,dynamic), the upper band is [dynamic,end).
	// Automatic allocation uses the upper band first.
	first, dynamic, end uint64
	// taken counts the allocated addresses in the lower and in the upper band.
	taken [2]uint64
}

// maxHostBits limits the part of an IPv6 range that is used.
const maxHostBits = 63

// newPool returns the pool of a CIDR. It excludes the network address and, for
// IPv4, the broadcast address.
func newPool(prefix netip.Prefix) *pool {
	bits := min(prefix.Addr().BitLen()-prefix.Bits(), maxHostBits)
	p := &pool{prefix: prefix.Masked(), first: 1, end: 1 << bits}
	if prefix.Addr().Is4() {
		p.end--
	}
	if p.end <= p.first {
		p.end = p.first
	}
	p.dynamic = p.first + staticBand(p.end-p.first, 16, 256, 16)
	return p
}

// offset returns the offset of an address. ok is false if the address cannot be
// allocated from this pool.
func (p *pool) offset(ip netip.Addr) (offset uint64, ok bool) {
	if !p.prefix.Contains(ip) {
		return 0, false
	}
	a, b := ip.As16(), p.prefix.Addr().As16()
	if bits := ip.BitLen() - p.prefix.Bits(); bits > maxHostBits && binary.BigEndian.Uint64(a[:8]) != binary.BigEndian.Uint64(b[:8]) {
		return 0, false
	}
	offset = binary.BigEndian.Uint64(a[8:]) - binary.BigEndian.Uint64(b[8:])
	return offset, offset >= p.first && offset < p.end
}

func (p *pool) address(offset uint64) netip.Addr {
	a := p.prefix.Addr().As16()
	binary.BigEndian.PutUint64(a[8:], binary.BigEndian.Uint64(a[8:])+offset)
	if p.prefix.Addr().Is4() {
		return netip.AddrFrom16(a).Unmap()
	}
	return netip.AddrFrom16(a)
}

// count adds by to the counter of the band that contains the address.
func (p *pool) count(ip netip.Addr, by int) {
	offset, ok := p.offset(ip)
	if !ok {
		return
	}
	band := 0
	if offset >= p.dynamic {
		band = 1
	}
	p.taken[band] += uint64(by)
}

// measure sets the metrics of the pool.
func (p *pool) measure() {
	taken := p.taken[0] + p.taken[1]
	allocatedIPs.WithLabelValues(p.prefix.String()).Set(float64(taken))
	availableIPs.WithLabelValues(p.prefix.String()).Set(float64(p.end - p.first - taken))
}

// free returns an address that is not used, from the upper band if possible.
func (p *pool) free(used map[netip.Addr]struct{}) (netip.Addr, bool) {
	if p.taken[1] < p.end-p.dynamic {
		if ip, ok := p.search(p.dynamic, p.end, used); ok {
			return ip, true
		}
	}
	if p.taken[0] < p.dynamic-p.first {
		return p.search(p.first, p.dynamic, used)
	}
	return netip.Addr{}, false
}

// search looks for an unused address with an offset in [low,high). It begins at
// a random offset.
func (p *pool) search(low, high uint64, used map[netip.Addr]struct{}) (netip.Addr, bool) {
	size := high - low
	start := rand.Uint64N(size)
	for i := range size {
		ip := p.address(low + (start+i)%size)
		if _, taken := used[ip]; !taken {
			return ip, true
		}
	}
	return netip.Addr{}, false
}
