package storageprotection

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestProtect(t *testing.T) {
	for _, test := range []struct {
		name       string
		have, want []string
	}{
		{"none", nil, []string{claimFinalizer}},
		{"another", []string{"example.com/a"}, []string{"example.com/a", claimFinalizer}},
		{"protected already", []string{claimFinalizer, "example.com/a"}, []string{claimFinalizer, "example.com/a"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			claim := &corev1.PersistentVolumeClaim{}
			claim.Finalizers = test.have
			if err := protect[*corev1.PersistentVolumeClaim](claimFinalizer)(t.Context(), nil, claim); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(claim.Finalizers, test.want) {
				t.Errorf("finalizers %q, want %q", claim.Finalizers, test.want)
			}
		})
	}
}
