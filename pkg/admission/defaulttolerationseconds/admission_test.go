package defaulttolerationseconds

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apiserver/pkg/admission"
)

func TestAdmit(t *testing.T) {
	notReady, unreachable := int64(10), int64(20)
	plugins := admission.NewPlugins()
	Register(&notReady, &unreachable)(plugins)
	notReady = 15 // flags are parsed after the registration
	chain, err := plugins.InitPlugin(PluginName, nil, admission.PluginInitializers{})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name        string
		tolerations []corev1.Toleration
		want        map[string]int64
	}{
		{"none", nil, map[string]int64{corev1.TaintNodeNotReady: 15, corev1.TaintNodeUnreachable: 20}},
		{"everything", []corev1.Toleration{{Operator: corev1.TolerationOpExists}}, map[string]int64{}},
		{"one, of any effect", []corev1.Toleration{{Key: corev1.TaintNodeNotReady, Operator: corev1.TolerationOpExists}},
			map[string]int64{corev1.TaintNodeUnreachable: 20}},
		{"another effect", []corev1.Toleration{{Key: corev1.TaintNodeNotReady, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}},
			map[string]int64{corev1.TaintNodeNotReady: 15, corev1.TaintNodeUnreachable: 20}},
	} {
		pod := &corev1.Pod{Spec: corev1.PodSpec{Tolerations: test.tolerations}}
		attributes := admission.NewAttributesRecord(pod, nil, corev1.SchemeGroupVersion.WithKind("Pod"), "ns", "p",
			corev1.SchemeGroupVersion.WithResource("pods"), "", admission.Create, nil, false, nil)
		if err := chain.(admission.MutationInterface).Admit(t.Context(), attributes, nil); err != nil {
			t.Fatal(err)
		}
		got := map[string]int64{}
		for _, toleration := range pod.Spec.Tolerations[len(test.tolerations):] {
			got[toleration.Key] = *toleration.TolerationSeconds
		}
		if len(got) != len(test.want) || got[corev1.TaintNodeNotReady] != test.want[corev1.TaintNodeNotReady] ||
			got[corev1.TaintNodeUnreachable] != test.want[corev1.TaintNodeUnreachable] {
			t.Errorf("%s: added %v, want %v", test.name, got, test.want)
		}
	}
}
