package pod

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	featuregatetesting "k8s.io/component-base/featuregate/testing"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/connect"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/registrytest"
)

// TestValidation runs the transcripts of the validation of pods, which is in
// pkg/apis/core/podspec and pkg/apis/core/volume: see registrytest.Validate.
func TestValidation(t *testing.T) {
	valid := func() *corev1.Pod {
		return &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: "n", ResourceVersion: "1"},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "nginx"}}},
		}
	}
	for _, name := range []string{"create", "update", "subresources"} {
		t.Run(name, func(t *testing.T) { registrytest.Validate(t, "testdata/"+name+".txt", New(connect.Needs{}), valid) })
	}
	t.Run("volumes", func(t *testing.T) {
		featuregatetesting.SetFeatureGateDuringTest(t, features.Gate(), features.EmptyDirVolumeMode, true)
		registrytest.Validate(t, "testdata/volumes.txt", New(connect.Needs{}), func() *corev1.Pod {
			pod := valid()
			pod.Spec.ServiceAccountName = "default"
			return pod
		})
	})
}
