package nodetaint

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestTaint(t *testing.T) {
	other := corev1.Taint{Key: "other", Effect: corev1.TaintEffectNoExecute}
	notReady := corev1.Taint{Key: corev1.TaintNodeNotReady, Effect: corev1.TaintEffectNoSchedule}
	for _, test := range []struct {
		name   string
		taints []corev1.Taint
		want   int
	}{
		{"no taint", nil, 1},
		{"another taint", []corev1.Taint{other}, 2},
		{"tainted already", []corev1.Taint{notReady}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			node := &corev1.Node{Spec: corev1.NodeSpec{Taints: test.taints}}
			if err := taint(t.Context(), nil, node); err != nil {
				t.Fatal(err)
			}
			if got := node.Spec.Taints; len(got) != test.want || got[len(got)-1] != notReady {
				t.Errorf("%v became %v", test.taints, got)
			}
		})
	}
}
