package endpointslicemirroring

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"
	endpointsliceutil "k8s.io/endpointslice/util"
	netutils "k8s.io/utils/net"
	"k8s.io/utils/ptr"
)

// group identifies the endpoints that can be in one slice.
type group struct {
	family discoveryv1.AddressType
	ports  endpointsliceutil.PortMapKey
}

// content is what the slices of a group contain.
type content struct {
	ports     []discoveryv1.EndpointPort
	endpoints map[endpointKey]discoveryv1.Endpoint
}

// endpointKey tells endpoints apart.
type endpointKey struct {
	address, hostname string
	target            types.NamespacedName
}

// groups returns what the slices of Endpoints have to contain. An event tells of
// addresses that are left out because a subset has too many.
func (c *controller) groups(endpoints *corev1.Endpoints) map[group]*content {
	groups := map[group]*content{}
	omitted := 0
	for _, subset := range endpoints.Subsets {
		ports := slicePorts(subset.Ports)
		key := endpointsliceutil.NewPortMapKey(slices.Clone(ports))
		left := perSubset
		for _, of := range []struct {
			addresses []corev1.EndpointAddress
			ready     bool
		}{{subset.Addresses, true}, {subset.NotReadyAddresses, false}} {
			n := min(left, len(of.addresses))
			left -= n
			omitted += len(of.addresses) - n
			for _, address := range of.addresses[:n] {
				g := group{discoveryv1.AddressTypeIPv4, key}
				if netutils.IsIPv6String(address.IP) {
					g.family = discoveryv1.AddressTypeIPv6
				}
				if groups[g] == nil {
					groups[g] = &content{ports: ports, endpoints: map[endpointKey]discoveryv1.Endpoint{}}
				}
				endpoint := endpointOf(address, of.ready)
				groups[g].endpoints[keyOf(&endpoint)] = endpoint
			}
		}
	}
	if omitted > 0 {
		c.events.Eventf(endpoints, corev1.EventTypeWarning, "TooManyAddressesToMirror",
			"A max of %d addresses can be mirrored to EndpointSlices per Endpoints subset. %d addresses were skipped", perSubset, omitted)
	}
	return groups
}

// chunks returns the endpoints of a group as they are distributed over slices, in a
// certain order.
func (c *content) chunks() [][]discoveryv1.Endpoint {
	return slices.Collect(slices.Chunk(inOrder(slices.Collect(maps.Values(c.endpoints))), perSlice))
}

func inOrder(endpoints []discoveryv1.Endpoint) []discoveryv1.Endpoint {
	return slices.SortedFunc(slices.Values(endpoints), func(a, b discoveryv1.Endpoint) int {
		x, y := keyOf(&a), keyOf(&b)
		return cmp.Or(strings.Compare(x.address, y.address), strings.Compare(x.hostname, y.hostname), strings.Compare(x.target.String(), y.target.String()))
	})
}

func keyOf(endpoint *discoveryv1.Endpoint) endpointKey {
	key := endpointKey{address: strings.Join(endpoint.Addresses, ","), hostname: ptr.Deref(endpoint.Hostname, "")}
	if ref := endpoint.TargetRef; ref != nil {
		key.target = types.NamespacedName{Namespace: ref.Namespace, Name: ref.Name}
	}
	return key
}

func endpointOf(address corev1.EndpointAddress, ready bool) discoveryv1.Endpoint {
	endpoint := discoveryv1.Endpoint{Addresses: []string{address.IP}, Conditions: discoveryv1.EndpointConditions{Ready: &ready},
		TargetRef: address.TargetRef, NodeName: address.NodeName}
	if address.Hostname != "" {
		endpoint.Hostname = &address.Hostname
	}
	return endpoint
}

func slicePorts(ports []corev1.EndpointPort) []discoveryv1.EndpointPort {
	all := []discoveryv1.EndpointPort{}
	for _, p := range ports {
		all = append(all, discoveryv1.EndpointPort{Name: &p.Name, Port: &p.Port, Protocol: &p.Protocol, AppProtocol: p.AppProtocol})
	}
	return all
}
