// Package allocation gives services their cluster IPs and node ports.
//
// A cluster IP is taken by creating the IPAddress object of that name. Which
// addresses are free is known in memory, from a watch of the IPAddress and
// ServiceCIDR objects; what is in memory only chooses, the creation in etcd
// decides. Several servers can therefore allocate at the same time.
//
// Node ports are bits of a RangeAllocation object, which is written with every
// change, in the form that kube-apiserver writes.
//
// Both ranges have a lower band for numbers that people choose; dynamic
// allocation turns to it only when the upper band is exhausted (KEP-3070,
// KEP-3668).
package allocation

import (
	"errors"
	"fmt"
)

// What can be wrong with an address or port that was asked for. The texts are
// kube-apiserver's.
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

// staticBand returns how many numbers at the beginning of a range of a size are
// left to static allocation: one in step, at least min and at most max; none in
// a range of no more than min.
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
