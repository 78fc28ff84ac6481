package allocation

import (
	"context"
	"fmt"
	"math/big"
	"math/rand/v2"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	apistorage "k8s.io/apiserver/pkg/storage"
)

// NodePortsKey is where the ports in use are stored.
const NodePortsKey = "/ranges/servicenodeports"

// NodePorts allocates the ports of nodes that lead to services.
type NodePorts struct {
	ports utilnet.PortRange
	store apistorage.Interface
	// mu keeps the goroutines of this server from failing each other's writes.
	mu sync.Mutex
}

// NewNodePorts returns an allocator of a range, which is stored with others.
func NewNodePorts(ports utilnet.PortRange, store apistorage.Interface) *NodePorts {
	return &NodePorts{ports: ports, store: store}
}

// Change lets a function take and free ports. Nothing is stored when it returns
// an error, or in a dry run. It may be called more than once.
func (n *NodePorts) Change(ctx context.Context, dryRun bool, change func(*Ports) error) error {
	stored := &corev1.RangeAllocation{}
	if dryRun {
		if err := n.store.Get(ctx, NodePortsKey, apistorage.GetOptions{IgnoreNotFound: true}, stored); err != nil {
			return err
		}
		ports := n.decode(stored)
		ports.last, ports.dryRun = ports.Base+ports.Size, true
		return change(ports)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
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

// decode reads what is stored, also for another range.
func (n *NodePorts) decode(stored *corev1.RangeAllocation) *Ports {
	ports := &Ports{PortRange: n.ports, bits: new(big.Int)}
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

// Ports are the node ports in use.
type Ports struct {
	utilnet.PortRange
	bits *big.Int
	// A dry run takes the port after the last one that it took.
	dryRun bool
	last   int
}

// Taken reports whether a port is in use.
func (p *Ports) Taken(port int) bool { return p.Contains(port) && p.bits.Bit(port-p.Base) == 1 }

// Take takes a certain port.
func (p *Ports) Take(port int) error {
	if !p.Contains(port) {
		return fmt.Errorf(errPortNotValid, p.PortRange)
	}
	if p.Taken(port) {
		return ErrPortTaken
	}
	p.bits.SetBit(p.bits, port-p.Base, 1)
	if p.dryRun && (p.last >= p.Base+p.Size || port > p.last) {
		p.last = port
	}
	return nil
}

// Free gives a port back.
func (p *Ports) Free(port int) {
	if p.Contains(port) {
		p.bits.SetBit(p.bits, port-p.Base, 0)
	}
}

// Next takes any free port, from the upper band if there is one. In a dry run it
// is one that no service gets, unless others were asked for.
func (p *Ports) Next() (int, error) {
	if p.dryRun {
		p.last++
		return p.last, nil
	}
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
