package allocation

import (
	"bytes"
	"errors"
	"math/big"
	"testing"

	corev1 "k8s.io/api/core/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
)

var defaultPorts = utilnet.PortRange{Base: 30000, Size: 2768}

// TestStoredForm checks the format of kube-apiserver: the first port is the
// lowest bit of a big-endian number.
func TestStoredForm(t *testing.T) {
	n := NewNodePorts(defaultPorts, nil)
	ports := n.decode(&corev1.RangeAllocation{Range: "30000-32767", Data: []byte{1, 2}})
	for port, want := range map[int]bool{30000: false, 30001: true, 30008: true, 30009: false, 29999: false, 40000: false} {
		if ports.Taken(port) != want {
			t.Errorf("port %d: taken %v", port, !want)
		}
	}
	if err := ports.Take(30000); err != nil {
		t.Fatal(err)
	}
	ports.Free(30001)
	if got := ports.bits.Bytes(); !bytes.Equal(got, []byte{1, 1}) {
		t.Errorf("stored %v", got)
	}
}

// TestOtherRange checks that the ports that are also in a new range stay
// allocated.
func TestOtherRange(t *testing.T) {
	n := NewNodePorts(utilnet.PortRange{Base: 30005, Size: 100}, nil)
	ports := n.decode(&corev1.RangeAllocation{Range: "30000-30099", Data: new(big.Int).SetBit(big.NewInt(0b100001), 99, 1).Bytes()})
	for port, want := range map[int]bool{30000: false, 30005: true, 30006: false, 30099: true, 30104: false} {
		if ports.Taken(port) != want {
			t.Errorf("port %d: taken %v", port, !want)
		}
	}
}

func TestPorts(t *testing.T) {
	ports := &Ports{PortRange: utilnet.PortRange{Base: 30000, Size: 64}, bits: new(big.Int)}
	if err := ports.Take(29999); err == nil || err.Error() != "provided port is not in the valid range. The range of valid ports is 30000-30063" {
		t.Errorf("outside: %v", err)
	}
	seen := map[int]bool{}
	for i := range 64 {
		port, err := ports.Next()
		if err != nil || seen[port] || !ports.Contains(port) {
			t.Fatalf("number %d: %d, %v", i, port, err)
		}
		if (port < 30016) != (i >= 48) {
			t.Errorf("number %d is %d", i, port)
		}
		seen[port] = true
	}
	if _, err := ports.Next(); !errors.Is(err, ErrFull) {
		t.Errorf("exhausted: %v", err)
	}
	if err := ports.Take(30007); !errors.Is(err, ErrPortTaken) {
		t.Errorf("taken: %v", err)
	}
	ports.Free(30007)
	if err := ports.Take(30007); err != nil {
		t.Errorf("freed: %v", err)
	}
}

// TestDryRunPorts checks that dry runs return the same ports as kube-apiserver.
func TestDryRunPorts(t *testing.T) {
	ports := &Ports{PortRange: defaultPorts, bits: new(big.Int), dryRun: true}
	for _, want := range []int{32769, 32770} {
		if port, err := ports.Next(); err != nil || port != want {
			t.Errorf("%d, %v, want %d", port, err, want)
		}
	}
	ports.chosen = nil
	if err := errors.Join(ports.Take(30010), ports.Take(30011), ports.Take(-1)); err != nil {
		t.Fatal(err)
	}
	if err := ports.Take(-1); !errors.Is(err, ErrPortTaken) {
		t.Errorf("taken: %v", err)
	}
	if port, err := ports.Next(); err != nil || port != 30012 {
		t.Errorf("%d, %v, want 30012", port, err)
	}
}
