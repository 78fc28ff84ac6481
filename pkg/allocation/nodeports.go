package allocation

import (
	"context"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	apistorage "k8s.io/apiserver/pkg/storage"
)

// NodePortsKey is the storage key of the allocated ports.
const NodePortsKey = "/ranges/servicenodeports"

// NodePorts allocates node ports.
type NodePorts struct {
	ports utilnet.PortRange
	store apistorage.Interface
	// mu serializes the writes of this server, which would otherwise conflict.
	mu sync.Mutex
}

// NewNodePorts returns an allocator for a range of ports. All servers of the
// cluster share the store.
func NewNodePorts(ports utilnet.PortRange, store apistorage.Interface) *NodePorts {
	registerMetrics()
	return &NodePorts{ports: ports, store: store}
}

// Change calls a function that allocates and frees ports, and stores the
// result. It stores nothing if the function returns an error, or in a dry run.
// The function can be called several times, because a conflicting write is
// repeated.
func (n *NodePorts) Change(ctx context.Context, dryRun bool, change func(*Ports) error) error {
	stored := &corev1.RangeAllocation{}
	if dryRun {
		if err := n.store.Get(ctx, NodePortsKey, apistorage.GetOptions{IgnoreNotFound: true}, stored); err != nil {
			return err
		}
		ports := n.decode(stored)
		ports.dryRun = true
		return change(ports)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	last, err := n.update(ctx, stored, change)
	last.tally.publish()
	return err
}

// repair changes the ports without a request, which the metrics do not count.
func (n *NodePorts) repair(ctx context.Context, change func(*Ports) error) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	_, err := n.update(ctx, &corev1.RangeAllocation{}, change)
	return err
}

// update stores the change. It returns the ports after it, or after the attempt.
func (n *NodePorts) update(ctx context.Context, stored *corev1.RangeAllocation, change func(*Ports) error) (last *Ports, err error) {
	last = &Ports{}
	err = uncancelled(ctx, func(ctx context.Context) error {
		return n.write(ctx, stored, func(ports *Ports) error {
			last = ports
			return change(ports)
		})
	})
	if err == nil {
		allocated := last.allocated()
		allocatedPorts.WithLabelValues().Set(float64(allocated))
		availablePorts.WithLabelValues().Set(float64(n.ports.Size - allocated))
	}
	return last, err
}

func (n *NodePorts) write(ctx context.Context, stored *corev1.RangeAllocation, change func(*Ports) error) error {
	return n.store.GuaranteedUpdate(ctx, NodePortsKey, stored, true, nil, apistorage.SimpleUpdate(func(obj runtime.Object) (runtime.Object, error) {
		current := obj.(*corev1.RangeAllocation)
		ports := n.decode(current)
		if err := change(ports); err != nil {
			return nil, err
		}
		current.Range, current.Data = n.ports.String(), ports.bits.Bytes()
		return current, nil
	}), nil)
}

// decode reads the stored ports. The stored range may differ from the current
// one.
func (n *NodePorts) decode(stored *corev1.RangeAllocation) *Ports {
	ports := &Ports{PortRange: n.ports, bits: new(big.Int), tally: newTally()}
	bits := new(big.Int).SetBytes(stored.Data)
	if stored.Range == "" || stored.Range == n.ports.String() {
		ports.bits = bits
		return ports
	}
	if old, err := utilnet.ParsePortRange(stored.Range); err == nil {
		for i := range old.Size {
			if port := old.Base + i; bits.Bit(i) == 1 && n.ports.Contains(port) {
				ports.bits.SetBit(ports.bits, port-n.ports.Base, 1)
			}
		}
	}
	return ports
}

// Ports is the set of allocated node ports.
type Ports struct {
	utilnet.PortRange
	bits *big.Int
	// In a dry run, chosen are the ports that Take and Next have allocated.
	dryRun bool
	chosen []int
	// tally counts what Take and Next have done.
	tally tally
}

// allocated returns the number of allocated ports.
func (p *Ports) allocated() (n int) {
	for i := range p.Size {
		n += int(p.bits.Bit(i))
	}
	return n
}

// Taken reports whether a port is allocated.
func (p *Ports) Taken(port int) bool { return p.Contains(port) && p.bits.Bit(port-p.Base) == 1 }

// Take allocates a specific port. In a dry run the port may be outside of the range, as in
// kube-apiserver.
func (p *Ports) Take(port int) (err error) {
	if p.dryRun {
		if p.Taken(port) || slices.Contains(p.chosen, port) {
			return ErrPortTaken
		}
		p.chosen = append(p.chosen, port)
		return nil
	}
	defer func() { p.tally.add(static, err) }()
	if !p.Contains(port) {
		return fmt.Errorf(errPortNotValid, p.PortRange)
	}
	if p.Taken(port) {
		return ErrPortTaken
	}
	p.bits.SetBit(p.bits, port-p.Base, 1)
	return nil
}

// Free frees a port.
func (p *Ports) Free(port int) {
	if p.Contains(port) {
		p.bits.SetBit(p.bits, port-p.Base, 0)
	}
}

// Next allocates any free port, from the upper band if possible. In a dry run it
// returns the number after the highest that was allocated in it, or after the end of the
// range if none was, as kube-apiserver does.
func (p *Ports) Next() (port int, err error) {
	if p.dryRun {
		last := p.Base + p.Size
		if len(p.chosen) > 0 {
			last = max(0, slices.Max(p.chosen))
		}
		p.chosen = append(p.chosen, last+1)
		return last + 1, nil
	}
	defer func() { p.tally.add(dynamic, err) }()
	static := int(staticBand(uint64(p.Size), 16, 128, 32))
	for _, band := range [][2]int{{static, p.Size}, {0, static}} {
		size := band[1] - band[0]
		if size == 0 {
			continue
		}
		start := rand.IntN(size)
		for i := range size {
			if bit := band[0] + (start+i)%size; p.bits.Bit(bit) == 0 {
				p.bits.SetBit(p.bits, bit, 1)
				return p.Base + bit, nil
			}
		}
	}
	return 0, ErrFull
}
