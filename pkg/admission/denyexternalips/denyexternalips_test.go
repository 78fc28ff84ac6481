package denyexternalips

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"
)

func TestValidate(t *testing.T) {
	for _, test := range []struct {
		name     string
		old, new []string
		refused  bool
	}{
		{"none", nil, nil, false},
		{"new", nil, []string{"1.1.1.1"}, true},
		{"kept", []string{"1.1.1.1", "2.2.2.2"}, []string{"2.2.2.2"}, false},
		{"another", []string{"1.1.1.1"}, []string{"2.2.2.2"}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apiadmission.NewAttributesRecord(nil, nil, schema.GroupVersionKind{}, "ns", "s",
				corev1.SchemeGroupVersion.WithResource("services"), "", apiadmission.Update, nil, false, nil)
			if err := validate(a, &corev1.Service{Spec: corev1.ServiceSpec{ExternalIPs: test.new}}, test.old); (err != nil) != test.refused {
				t.Errorf("refused: %v", err)
			}
		})
	}
}
