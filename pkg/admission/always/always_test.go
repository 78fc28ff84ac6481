package always

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

func TestAlways(t *testing.T) {
	const denied = `configmaps "c" is forbidden: admission control is denying all modifications`
	for _, test := range []struct {
		plugin admission.Plugin
		want   string
	}{{Admit(), ""}, {Deny(), denied}} {
		t.Run(test.plugin.Name, func(t *testing.T) {
			plugin, err := test.plugin.New(nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, operation := range []admission.Operation{admission.Create, admission.Update, admission.Delete, admission.Connect} {
				err := plugin.(apiadmission.ValidationInterface).Validate(t.Context(), apiadmission.NewAttributesRecord(nil, nil, schema.GroupVersionKind{},
					"ns", "c", corev1.SchemeGroupVersion.WithResource("configmaps"), "", operation, nil, false, nil), nil)
				if got := err; (got == nil) != (test.want == "") || got != nil && got.Error() != test.want {
					t.Errorf("%s: %v", operation, got)
				}
			}
		})
	}
}
