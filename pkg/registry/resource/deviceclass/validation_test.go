package deviceclass

import (
	"testing"

	resourcev1 "k8s.io/api/resource/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/registrytest"
)

func base() object {
	return &resourcev1.DeviceClass{ObjectMeta: metav1.ObjectMeta{Name: "o", ResourceVersion: "1"}}
}

// TestValidation has answers of kube-apiserver that are not among the recorded
// ones.
func TestValidation(t *testing.T) {
	registrytest.Validate(t, "testdata/validation.txt", Resource, base)
}
