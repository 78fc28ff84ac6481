package endpoints

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/registrytest"
)

func ready(ips ...string) (s corev1.EndpointSubset) {
	for _, ip := range ips {
		s.Addresses = append(s.Addresses, corev1.EndpointAddress{IP: ip})
	}
	return s
}

// TestValidate runs a transcript: see registrytest.Validate.
func TestValidate(t *testing.T) {
	registrytest.Validate(t, "testdata/validation.txt", Resource, func() *corev1.Endpoints {
		return &corev1.Endpoints{ObjectMeta: metav1.ObjectMeta{Name: "e", Namespace: "n", ResourceVersion: "1"}}
	})
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
