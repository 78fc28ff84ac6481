package nodetaint

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apiserver/pkg/admission"
)

func TestAdmit(t *testing.T) {
	p := &plugin{admission.NewHandler(admission.Create)}
	other := corev1.Taint{Key: "other", Effect: corev1.TaintEffectNoExecute}
	notReady := corev1.Taint{Key: corev1.TaintNodeNotReady, Effect: corev1.TaintEffectNoSchedule}
	for _, test := range []struct {
		taints []corev1.Taint
		want   int
	}{{nil, 1}, {[]corev1.Taint{other}, 2}, {[]corev1.Taint{notReady}, 1}} {
		node := &corev1.Node{Spec: corev1.NodeSpec{Taints: test.taints}}
		attributes := admission.NewAttributesRecord(node, nil, corev1.SchemeGroupVersion.WithKind("Node"), "", "n",
			corev1.SchemeGroupVersion.WithResource("nodes"), "", admission.Create, nil, false, nil)
		if err := p.Admit(t.Context(), attributes, nil); err != nil {
			t.Fatal(err)
		}
		if got := node.Spec.Taints; len(got) != test.want || got[len(got)-1] != notReady {
			t.Errorf("%v became %v", test.taints, got)
		}
	}
}
