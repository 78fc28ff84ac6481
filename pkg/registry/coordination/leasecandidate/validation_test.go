package leasecandidate

import (
	"testing"

	coordinationv1beta1 "k8s.io/api/coordination/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/registrytest"
)

// TestValidation runs a transcript: see registrytest.Validate.
func TestValidation(t *testing.T) {
	registrytest.Validate(t, "testdata/validation.txt", Resource, func() *coordinationv1beta1.LeaseCandidate {
		return &coordinationv1beta1.LeaseCandidate{
			ObjectMeta: metav1.ObjectMeta{Name: "c", Namespace: "n", ResourceVersion: "1"},
			Spec: coordinationv1beta1.LeaseCandidateSpec{
				LeaseName: "l", BinaryVersion: "1.36.0", EmulationVersion: "1.36.0", Strategy: "OldestEmulationVersion"},
		}
	})
}
