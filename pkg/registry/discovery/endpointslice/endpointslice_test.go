package endpointslice

import (
	"fmt"
	"testing"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/registrytest"
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

// TestValidate runs a transcript: see registrytest.Validate.
func TestValidate(t *testing.T) {
	registrytest.Validate(t, "testdata/validation.txt", Resource, func() *discoveryv1.EndpointSlice {
		return slice(func(s *discoveryv1.EndpointSlice) { s.Endpoints = nil })
	})
}

func TestTooManyEndpoints(t *testing.T) {
	errs := Resource.ValidateNew(t.Context(), slice(func(s *discoveryv1.EndpointSlice) { s.Endpoints = make([]discoveryv1.Endpoint, 1001) }))
	if got, want := fmt.Sprint(errs), "[endpoints: Too many: 1001: must have at most 1000 items]"; got != want {
		t.Errorf("%s, want %s", got, want)
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
	for name, c := range map[string]struct{ got, want string }{
		"no ports":   {formatPorts(nil), "<unset>"},
		"empty name": {formatPorts([]discoveryv1.EndpointPort{empty}), "<unset>"},
		"four ports": {formatPorts(four), "*,http,80 + 1 more..."},
		"addresses":  {formatEndpoints([]discoveryv1.Endpoint{{Addresses: []string{"a", "b"}}, {Addresses: []string{"c"}}}), "a,b,c"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s, want %s", name, c.got, c.want)
		}
	}
}
