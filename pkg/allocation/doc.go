// Package allocation allocates the cluster IPs and node ports of services.
//
// A cluster IP is allocated by creating an IPAddress object whose name is the
// address. The free addresses are known in memory, from watches of IPAddress
// and ServiceCIDR objects. Memory is only used to choose a candidate; whether
// the allocation succeeds is decided by the create operation in etcd. Several
// servers can therefore allocate at the same time.
//
// Node ports are bits in a RangeAllocation object, which is written with each
// change, in the format of kube-apiserver.
//
// Both ranges are divided into two bands. The lower band is intended for
// numbers that users choose. Automatic allocation uses it only when the upper
// band is exhausted (KEP-3070, KEP-3668).
package allocation

import (
	"errors"
	"fmt"
)

// Errors for requested addresses and ports. The texts are kube-apiserver's.
var (
	ErrFull            = errors.New("range is full")
	ErrAddressTaken    = errors.New("provided IP is already allocated")
	ErrPortTaken       = errors.New("provided port is already allocated")
	ErrOtherNetwork    = errors.New("the provided network does not match the current range")
	ErrNotReady        = errors.New("allocator not ready")
	errNoRange         = fmt.Errorf("%w: there is no ServiceCIDR of this IP family that is ready", ErrNotReady)
	errAddressNotValid = "the provided IP (%v) is not in the valid range. The range of valid IPs is %s"
	errPortNotValid    = "provided port is not in the valid range. The range of valid ports is %s"
)

// staticBand returns the size of the lower band of a range: the size of the
// range divided by step, but at least min and at most max. If the range has no
// more than min elements, it has no lower band.
func staticBand(size, min, max, step uint64) uint64 {
	if size <= min {
		return 0
	}
	band := size / step
	if band < min {
		return min
	}
	if band > max {
		return max
	}
	return band
}
