package resourceclaim

import (
	"testing"

	resourcev1 "k8s.io/api/resource/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	featuregatetesting "k8s.io/component-base/featuregate/testing"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/registrytest"
)

func base() object {
	return &resourcev1.ResourceClaim{ObjectMeta: metav1.ObjectMeta{Name: "o", Namespace: "ns", ResourceVersion: "1"}}
}

// TestValidation has answers of kube-apiserver that are not among the recorded
// ones. There is no user to ask for permissions.
func TestValidation(t *testing.T) {
	featuregatetesting.SetFeatureGateDuringTest(t, features.Gate(), features.DRAResourceClaimGranularStatusAuthorization, false)
	registrytest.Validate(t, "testdata/validation.txt", New(Needs{}), base)
}
