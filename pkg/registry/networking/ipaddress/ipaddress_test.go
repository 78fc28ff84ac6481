package ipaddress

import (
	"fmt"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestValidate(t *testing.T) {
	service := &networkingv1.ParentReference{Resource: "services", Namespace: "n", Name: "s"}
	for name, c := range map[string]struct {
		name   string
		parent *networkingv1.ParentReference
		want   string
	}{
		"IPv4":          {"192.0.2.1", service, "[]"},
		"IPv6":          {"2001:db8::1", service, "[]"},
		"not canonical": {"2001:DB8::1", service, `[metadata.name: Invalid value: "2001:DB8::1": must be in canonical form ("2001:db8::1")]`},
		"no parent":     {"192.0.2.1", nil, "[spec.parentRef: Required value]"},
		"invalid parent": {"192.0.2.1", &networkingv1.ParentReference{Name: "a/b"},
			`[spec.parentRef.resource: Required value spec.parentRef.name: Invalid value: "a/b": may not contain '/']`},
	} {
		ip := &networkingv1.IPAddress{ObjectMeta: metav1.ObjectMeta{Name: c.name}, Spec: networkingv1.IPAddressSpec{ParentRef: c.parent}}
		if got := fmt.Sprint(Resource.ValidateNew(t.Context(), ip)); got != c.want {
			t.Errorf("%s: %s\nwant\n%s", name, got, c.want)
		}
	}
}

func TestFormat(t *testing.T) {
	for want, parent := range map[string]*networkingv1.ParentReference{
		"<none>":                      nil,
		"services/n/s":                {Resource: "services", Namespace: "n", Name: "s"},
		"gateways.example.com/n/gate": {Group: "example.com", Resource: "gateways", Namespace: "n", Name: "gate"},
		"nodes/a":                     {Resource: "nodes", Name: "a"},
	} {
		if got := format(parent); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
