package bootstrap

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
)

func TestTrackingSince(t *testing.T) {
	now := time.Date(2030, 1, 2, 23, 0, 0, 0, time.FixedZone("west", -5*3600))
	for _, test := range []struct {
		name   string
		before map[string]string
		want   string
	}{
		{"there is no config map", nil, "2030-01-03"},
		{"the date is valid", map[string]string{"since": "2029-12-31"}, "2029-12-31"},
		{"the date is invalid", map[string]string{"since": "yesterday"}, "2030-01-03"},
		{"there is no date", map[string]string{"other": "x"}, "2030-01-03"},
	} {
		client := fake.NewClientset()
		maps := client.CoreV1().ConfigMaps(metav1.NamespaceSystem)
		if test.before != nil {
			if _, err := maps.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: trackingConfigMap}, Data: test.before},
				metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		if err := ensureTracking(t.Context(), needsOf(client), now); err != nil {
			t.Fatal(err)
		}
		got, err := maps.Get(t.Context(), trackingConfigMap, metav1.GetOptions{})
		if err != nil || got.Data["since"] != test.want {
			t.Errorf("%s: %v, %v", test.name, got.Data, err)
		}
	}
}
