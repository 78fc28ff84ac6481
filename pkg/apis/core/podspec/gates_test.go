package podspec

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/component-base/featuregate"
	featuregatetesting "k8s.io/component-base/featuregate/testing"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

// TestGates checks the validation for values of feature gates that differ from
// the defaults.
func TestGates(t *testing.T) {
	root := field.NewPath("spec")
	hostNetwork := spec(func(s *corev1.PodSpec) { s.HostUsers, s.HostNetwork = ptr.To(false), true })
	restartAll := on(func(c *corev1.Container) {
		c.RestartPolicy = ptr.To(corev1.ContainerRestartPolicyNever)
		c.RestartPolicyRules = []corev1.ContainerRestartRule{{Action: "RestartAllContainers",
			ExitCodes: &corev1.ContainerRestartRuleOnExitCodes{Operator: "In", Values: []int32{1}}}}
	})
	compares := spec(func(s *corev1.PodSpec) { s.Tolerations = []corev1.Toleration{{Key: "a", Operator: "Gt", Value: "5"}} })
	for name, c := range map[string]struct {
		gate   featuregate.Feature
		change func(*corev1.Pod)
		off    string
	}{
		"host network": {features.UserNamespacesHostNetworkSupport, hostNetwork, "spec.hostNetwork: Forbidden: when `hostUsers` is false"},
		"restart all": {features.RestartAllContainersOnContainerExits, restartAll,
			`spec.containers[0].restartPolicyRules[0].action: Unsupported value: "RestartAllContainers": supported values: "Restart"`},
		"numbers compared": {features.TaintTolerationComparisonOperators, compares,
			`spec.tolerations[0].operator: Unsupported value: "Gt": supported values: "Equal", "Exists", "Lt", "Gt"`},
	} {
		t.Run(name, func(t *testing.T) {
			pod := newPod(c.change)
			featuregatetesting.SetFeatureGateDuringTest(t, features.Gate(), c.gate, true)
			if errs := ValidatePodSpec(&pod.Spec, &pod.ObjectMeta, Options{}, root); len(errs) > 0 {
				t.Errorf("on: %v", errs)
			}
			t.Run("off", func(t *testing.T) {
				featuregatetesting.SetFeatureGateDuringTest(t, features.Gate(), c.gate, false)
				errs := ValidatePodSpec(&pod.Spec, &pod.ObjectMeta, Options{}, root)
				if len(errs) != 1 || errs[0].Error() != c.off {
					t.Errorf("got %v, want %s", errs, c.off)
				}
				if errs := ValidatePodSpec(&pod.Spec, &pod.ObjectMeta, Options{}.ForUpdate(&pod.ObjectMeta, &pod.Spec), root); len(errs) > 0 {
					t.Errorf("what is stored: %v", errs)
				}
			})
		})
	}
}
