package defaulttolerationseconds

import (
	"maps"
	"testing"

	"github.com/spf13/pflag"
	corev1 "k8s.io/api/core/v1"
	apiadmission "k8s.io/apiserver/pkg/admission"
)

func TestTolerate(t *testing.T) {
	p := Plugin()
	fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
	p.AddFlags(fs)
	if err := fs.Parse([]string{"--default-not-ready-toleration-seconds=15"}); err != nil {
		t.Fatal(err)
	}
	handler, err := p.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	both := map[string]int64{corev1.TaintNodeNotReady: 15, corev1.TaintNodeUnreachable: 300}
	for _, test := range []struct {
		name        string
		tolerations []corev1.Toleration
		want        map[string]int64
	}{
		{"none", nil, both},
		{"everything", []corev1.Toleration{{Operator: corev1.TolerationOpExists}}, map[string]int64{}},
		{"one, of any effect", []corev1.Toleration{{Key: corev1.TaintNodeNotReady, Operator: corev1.TolerationOpExists}},
			map[string]int64{corev1.TaintNodeUnreachable: 300}},
		{"another effect", []corev1.Toleration{{Key: corev1.TaintNodeNotReady, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}}, both},
	} {
		for _, operation := range []apiadmission.Operation{apiadmission.Create, apiadmission.Update} {
			t.Run(test.name+", "+string(operation), func(t *testing.T) {
				pod := &corev1.Pod{Spec: corev1.PodSpec{Tolerations: test.tolerations}}
				attributes := apiadmission.NewAttributesRecord(pod, &corev1.Pod{}, corev1.SchemeGroupVersion.WithKind("Pod"), "ns", "p",
					corev1.SchemeGroupVersion.WithResource("pods"), "", operation, nil, false, nil)
				if err := handler.(apiadmission.MutationInterface).Admit(t.Context(), attributes, nil); err != nil {
					t.Fatal(err)
				}
				got := map[string]int64{}
				for _, toleration := range pod.Spec.Tolerations[len(test.tolerations):] {
					got[toleration.Key] = *toleration.TolerationSeconds
				}
				if !maps.Equal(got, test.want) {
					t.Errorf("added %v, want %v", got, test.want)
				}
			})
		}
	}
}
