package admission_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

func TestMergeTolerations(t *testing.T) {
	forever := corev1.Toleration{Key: "a", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute}
	long, short := forever, forever
	long.TolerationSeconds, short.TolerationSeconds = ptr.To[int64](20), ptr.To[int64](10)
	value := corev1.Toleration{Key: "a", Operator: corev1.TolerationOpEqual, Value: "v", Effect: corev1.TaintEffectNoExecute, TolerationSeconds: ptr.To[int64](5)}
	implicit, explicit := corev1.Toleration{Key: "b", Value: "v"}, corev1.Toleration{Key: "b", Value: "v", Operator: corev1.TolerationOpEqual}
	effect, exists := implicit, corev1.Toleration{Key: "q", Operator: corev1.TolerationOpExists}
	effect.Effect = corev1.TaintEffectNoSchedule
	every := corev1.Toleration{Operator: corev1.TolerationOpExists}
	type list = []corev1.Toleration
	for _, test := range []struct {
		name             string
		pod, class, want list
	}{
		{"none", nil, nil, nil},
		{"different", list{forever}, list{implicit}, list{forever, implicit}},
		{"equal", list{forever}, list{forever}, list{forever}},
		{"another word for the same", list{implicit, explicit}, nil, list{implicit}},
		{"another word for the same, after it", list{explicit, exists, implicit}, nil, list{exists, implicit}},
		{"equal ones among others", list{implicit, exists, implicit}, nil, list{implicit, exists}},
		{"an effect, without an operator", list{effect, implicit}, nil, list{effect, implicit}},
		{"the longest", list{short, forever, long}, nil, list{forever}},
		{"a value of a key", list{value}, list{short}, list{short}},
		{"everything", list{short, explicit}, list{every}, list{every}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, admission.MergeTolerations(test.pod, test.class)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
