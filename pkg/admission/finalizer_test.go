package admission

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestAddFinalizer(t *testing.T) {
	const finalizer = "example.com/protected"
	for _, test := range []struct {
		name       string
		have, want []string
	}{
		{"none", nil, []string{finalizer}},
		{"another", []string{"example.com/a"}, []string{"example.com/a", finalizer}},
		{"protected already", []string{finalizer, "example.com/a"}, []string{finalizer, "example.com/a"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			claim := &corev1.PersistentVolumeClaim{}
			claim.Finalizers = test.have
			if err := AddFinalizer[*corev1.PersistentVolumeClaim](finalizer)(t.Context(), nil, claim); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(claim.Finalizers, test.want) {
				t.Errorf("finalizers %q, want %q", claim.Finalizers, test.want)
			}
		})
	}
}
