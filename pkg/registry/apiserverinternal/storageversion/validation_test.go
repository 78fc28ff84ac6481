package storageversion

import (
	"testing"

	apiserverinternalv1alpha1 "k8s.io/api/apiserverinternal/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/registrytest"
)

// TestValidation runs a transcript: see registrytest.Validate.
func TestValidation(t *testing.T) {
	registrytest.Validate(t, "testdata/validation.txt", Resource, func() object {
		return &apiserverinternalv1alpha1.StorageVersion{ObjectMeta: metav1.ObjectMeta{Name: "apps.deployments", ResourceVersion: "1"}}
	})
}

func TestEncodings(t *testing.T) {
	v := &apiserverinternalv1alpha1.StorageVersion{}
	if got := encodings(v); got != "<unset>" {
		t.Errorf("no server: %s", got)
	}
	v.Status.StorageVersions = []apiserverinternalv1alpha1.ServerStorageVersion{
		{APIServerID: "a", EncodingVersion: "v1"}, {APIServerID: "b", EncodingVersion: "v2"}}
	if got := encodings(v); got != "a=v1,b=v2" {
		t.Errorf("two servers: %s", got)
	}
}
