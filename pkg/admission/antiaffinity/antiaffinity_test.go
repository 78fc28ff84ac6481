package antiaffinity

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"
)

func TestValidate(t *testing.T) {
	anti := func(keys ...string) *corev1.Affinity {
		var terms []corev1.PodAffinityTerm
		for _, key := range keys {
			terms = append(terms, corev1.PodAffinityTerm{TopologyKey: key})
		}
		return &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: terms}}
	}
	for _, test := range []struct {
		name     string
		affinity *corev1.Affinity
		want     string
	}{
		{"no affinity", nil, "<nil>"},
		{"no anti-affinity", &corev1.Affinity{}, "<nil>"},
		{"node", anti("kubernetes.io/hostname"), "<nil>"},
		{"zone", anti("kubernetes.io/hostname", "zone"), `pods "p" is forbidden: affinity.PodAntiAffinity.RequiredDuringScheduling ` +
			`has TopologyKey zone but only key kubernetes.io/hostname is allowed`},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apiadmission.NewAttributesRecord(nil, nil, schema.GroupVersionKind{}, "ns", "p",
				corev1.SchemeGroupVersion.WithResource("pods"), "", apiadmission.Create, nil, false, nil)
			if got := fmt.Sprint(validate(t.Context(), a, &corev1.Pod{Spec: corev1.PodSpec{Affinity: test.affinity}})); got != test.want {
				t.Errorf("%s\nwant %s", got, test.want)
			}
		})
	}
}
