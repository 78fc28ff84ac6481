package extendedresources

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

func TestTolerate(t *testing.T) {
	container := func(names ...corev1.ResourceName) corev1.Container {
		requests := corev1.ResourceList{}
		for _, name := range names {
			requests[name] = resource.Quantity{}
		}
		return corev1.Container{Resources: corev1.ResourceRequirements{Requests: requests}}
	}
	of := func(key string) corev1.Toleration {
		return corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}
	}
	wider := corev1.Toleration{Key: "a.com/x", Operator: corev1.TolerationOpExists}
	for _, test := range []struct {
		name string
		spec corev1.PodSpec
		want []corev1.Toleration
	}{
		{"none", corev1.PodSpec{Containers: []corev1.Container{container("cpu", "hugepages-2Mi", "kubernetes.io/x")}}, nil},
		{"several", corev1.PodSpec{Containers: []corev1.Container{container("b.com/y", "cpu")}, InitContainers: []corev1.Container{container("a.com/x")}},
			[]corev1.Toleration{of("a.com/x"), of("b.com/y")}},
		{"the pod has it", corev1.PodSpec{Containers: []corev1.Container{container("a.com/x")}, Tolerations: []corev1.Toleration{of("a.com/x")}},
			[]corev1.Toleration{of("a.com/x")}},
		{"the pod has a wider one", corev1.PodSpec{Containers: []corev1.Container{container("a.com/x")}, Tolerations: []corev1.Toleration{wider}},
			[]corev1.Toleration{wider, of("a.com/x")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			pod := &corev1.Pod{Spec: test.spec}
			if err := tolerate(t.Context(), nil, pod); err != nil || !slices.Equal(pod.Spec.Tolerations, test.want) {
				t.Errorf("%v, error %v", pod.Spec.Tolerations, err)
			}
		})
	}
}
