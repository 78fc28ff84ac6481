package serviceaccount

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestKeepSecretNames(t *testing.T) {
	sa := &corev1.ServiceAccount{Secrets: []corev1.ObjectReference{{Name: "a"}, {Kind: "Secret", Namespace: "n", Name: "b", UID: "u"}}}
	New(nil).PrepareNew(t.Context(), sa)
	if sa.Secrets[0] != (corev1.ObjectReference{Name: "a"}) || sa.Secrets[1] != (corev1.ObjectReference{Name: "b"}) {
		t.Errorf("secrets: %+v", sa.Secrets)
	}
}

func TestWarnings(t *testing.T) {
	plain := &corev1.ServiceAccount{}
	marked := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{enforceMountableSecrets: "true"}}}
	for name, c := range map[string]struct {
		sa, old *corev1.ServiceAccount
		want    int
	}{
		"create without": {plain, nil, 0},
		"create with":    {marked, nil, 1},
		"added":          {marked, plain, 1},
		"kept":           {marked, marked, 0},
		"removed":        {plain, marked, 0},
	} {
		if got := warnings(c.sa, c.old); len(got) != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}
