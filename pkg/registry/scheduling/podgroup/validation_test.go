package podgroup

import (
	"testing"

	schedulingv1beta1 "k8s.io/api/scheduling/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	featuregatetesting "k8s.io/component-base/featuregate/testing"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/registrytest"
)

func newGroup() object {
	return &schedulingv1beta1.PodGroup{ObjectMeta: metav1.ObjectMeta{Name: "g", Namespace: "n", ResourceVersion: "1"}}
}

// TestValidation runs transcripts: see registrytest.Validate.
func TestValidation(t *testing.T) {
	t.Run("by default", func(t *testing.T) { registrytest.Validate(t, "testdata/validation.txt", Resource, newGroup) })
	t.Run("with gates", func(t *testing.T) {
		featuregatetesting.SetFeatureGatesDuringTest(t, features.Gate(), featuregatetesting.FeatureOverrides{
			features.GenericWorkload: true, features.CompositePodGroup: true, features.DRAWorkloadResourceClaims: true})
		registrytest.Validate(t, "testdata/gates.txt", Resource, newGroup)
	})
}
