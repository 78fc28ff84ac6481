package endpoints

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func with(subsets ...corev1.EndpointSubset) *corev1.Endpoints {
	return &corev1.Endpoints{ObjectMeta: metav1.ObjectMeta{Name: "e", Namespace: "n", ResourceVersion: "1"}, Subsets: subsets}
}

func ready(ips ...string) (s corev1.EndpointSubset) {
	for _, ip := range ips {
		s.Addresses = append(s.Addresses, corev1.EndpointAddress{IP: ip})
	}
	return s
}

func TestValidate(t *testing.T) {
	for want, e := range map[string]*corev1.Endpoints{
		"[]": with(ready("192.0.2.1", "2001:db8::1")),
		"[subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`]":                                              with(ready()),
		`[subsets[0].addresses[0].ip: Invalid value: "::1": may not be in the loopback range (127.0.0.0/8, ::1/128)]`:                with(ready("::1")),
		`[subsets[0].addresses[0].ip: Invalid value: "192.0.2.010": must not have leading 0s]`:                                       with(ready("192.0.2.010")),
		`[subsets[0].addresses[0].ip: Invalid value: "169.254.0.1": may not be in the link-local range (169.254.0.0/16, fe80::/10)]`: with(ready("169.254.0.1")),
	} {
		if got := fmt.Sprint(Resource.ValidateNew(t.Context(), e)); got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
	}
	// Addresses that were stored under older rules may stay.
	old := with(ready("192.0.2.010"))
	if errs := Resource.ValidateChange(t.Context(), "", with(ready("192.0.2.010", "192.0.2.2")), old); len(errs) > 0 {
		t.Error(errs)
	}
}

func TestFormat(t *testing.T) {
	ported := ready("192.0.2.1", "192.0.2.2")
	ported.Ports = []corev1.EndpointPort{{Port: 80}, {Port: 81}}
	for want, subsets := range map[string][]corev1.EndpointSubset{
		"<none>":    nil,
		"192.0.2.1": {ready("192.0.2.1")},
		"192.0.2.1:80,192.0.2.2:80,192.0.2.1:81 + 1 more...": {ported},
	} {
		if got := format(subsets); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
