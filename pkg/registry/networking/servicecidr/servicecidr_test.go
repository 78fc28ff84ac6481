package servicecidr

import (
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/registrytest"
)

// TestValidate runs a transcript: see registrytest.Validate.
func TestValidate(t *testing.T) {
	registrytest.Validate(t, "testdata/validation.txt", Resource, func() *networkingv1.ServiceCIDR {
		return &networkingv1.ServiceCIDR{ObjectMeta: metav1.ObjectMeta{Name: "c", ResourceVersion: "1"}}
	})
}
