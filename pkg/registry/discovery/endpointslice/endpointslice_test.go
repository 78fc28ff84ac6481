package endpointslice

import (
	"fmt"
	"testing"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
)

func slice(change func(*discoveryv1.EndpointSlice)) *discoveryv1.EndpointSlice {
	s := &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Name: "s", Namespace: "n", ResourceVersion: "1", Generation: 1},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints:   []discoveryv1.Endpoint{{Addresses: []string{"192.0.2.1"}}},
		Ports:       []discoveryv1.EndpointPort{{Port: ptr.To[int32](80)}},
	}
	change(s)
	apis.Scheme.Default(s)
	return s
}

func TestValidate(t *testing.T) {
	many := make([]discoveryv1.Endpoint, 1001)
	for want, change := range map[string]func(*discoveryv1.EndpointSlice){
		"[]": func(*discoveryv1.EndpointSlice) {},
		`[endpoints[0].addresses[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)]`: func(s *discoveryv1.EndpointSlice) {
			s.Endpoints[0].Addresses[0] = "127.0.0.1"
		},
		`[endpoints[0].addresses: Invalid value: "2001:db8::1": must be an IPv4 address]`: func(s *discoveryv1.EndpointSlice) {
			s.Endpoints[0].Addresses[0] = "2001:db8::1"
		},
		"[endpoints: Too many: 1001: must have at most 1000 items]": func(s *discoveryv1.EndpointSlice) { s.Endpoints = many },
		"[endpoints[0].hints.forZones: Too many: 9: must have at most 8 items]": func(s *discoveryv1.EndpointSlice) {
			s.Endpoints[0].Hints = &discoveryv1.EndpointHints{ForZones: make([]discoveryv1.ForZone, 9)}
		},
		`[ports[1].name: Duplicate value: ""]`: func(s *discoveryv1.EndpointSlice) { s.Ports = append(s.Ports, s.Ports[0]) },
	} {
		if got := fmt.Sprint(Resource.ValidateNew(t.Context(), slice(change))); got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
	}
}

func TestGeneration(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*discoveryv1.EndpointSlice)
		want   int64
	}{
		"annotations": {func(s *discoveryv1.EndpointSlice) { s.Annotations = map[string]string{"a": "b"} }, 1},
		"labels":      {func(s *discoveryv1.EndpointSlice) { s.Labels = map[string]string{"a": "b"} }, 2},
		"ports":       {func(s *discoveryv1.EndpointSlice) { s.Ports[0].Port = ptr.To[int32](81) }, 2},
		"topology":    {func(s *discoveryv1.EndpointSlice) { s.Endpoints[0].DeprecatedTopology = map[string]string{"a": "b"} }, 2},
	} {
		s := slice(c.change)
		prepareForUpdate(t.Context(), s, slice(func(*discoveryv1.EndpointSlice) {}))
		if s.Generation != c.want || s.Endpoints[0].DeprecatedTopology != nil {
			t.Errorf("%s: generation %d, want %d; %v", name, s.Generation, c.want, s.Endpoints)
		}
	}
}

func TestTable(t *testing.T) {
	name, empty := discoveryv1.EndpointPort{Name: ptr.To("http")}, discoveryv1.EndpointPort{Name: ptr.To("")}
	four := []discoveryv1.EndpointPort{{}, name, {Port: ptr.To[int32](80)}, {Port: ptr.To[int32](81)}}
	for _, c := range []struct{ got, want string }{
		{formatPorts(nil), "<unset>"},
		{formatPorts([]discoveryv1.EndpointPort{empty}), "<unset>"},
		{formatPorts(four), "*,http,80 + 1 more..."},
		{formatEndpoints([]discoveryv1.Endpoint{{Addresses: []string{"a", "b"}}, {Addresses: []string{"c"}}}), "a,b,c"},
	} {
		if c.got != c.want {
			t.Errorf("%s, want %s", c.got, c.want)
		}
	}
}
