package pvprotection_test

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/pvprotection"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/shared/looptest"
)

func TestFinalizer(t *testing.T) {
	const protection, other = "kubernetes.io/pv-protection", "example.com/f"
	for _, test := range []struct {
		name       string
		deleted    bool
		phase      corev1.PersistentVolumePhase
		finalizers []string
		// want are the finalizers after an update; nil if there must be none.
		want []string
	}{
		{"protected", false, corev1.VolumeAvailable, []string{protection}, nil},
		{"not protected", false, corev1.VolumeAvailable, []string{other}, []string{other, protection}},
		{"bound", true, corev1.VolumeBound, []string{protection}, nil},
		{"bound and never protected", true, corev1.VolumeBound, []string{other}, nil},
		{"available", true, corev1.VolumeAvailable, []string{protection}, []string{}},
		{"pending", true, corev1.VolumePending, []string{protection}, []string{}},
		{"failed", true, corev1.VolumeFailed, []string{protection}, []string{}},
		{"released, with others", true, corev1.VolumeReleased, []string{other, protection, other + "2"}, []string{other, other + "2"}},
		{"of others only", true, corev1.VolumeReleased, []string{other}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			volume := &corev1.PersistentVolume{ObjectMeta: metav1.ObjectMeta{Name: "v", Finalizers: test.finalizers}}
			volume.Status.Phase = test.phase
			if test.deleted {
				volume.DeletionTimestamp = ptr.To(metav1.Now())
			}
			looptest.Run(t, pvprotection.Controller(), nil, func(t *testing.T, client *fake.Clientset) {
				var got []string
				for _, action := range client.Actions() {
					if a, ok := action.(clienttesting.UpdateAction); ok {
						got = append([]string{}, a.GetObject().(*corev1.PersistentVolume).Finalizers...)
					}
				}
				if (got == nil) != (test.want == nil) || !slices.Equal(got, test.want) {
					t.Errorf("finalizers %q, want %q", got, test.want)
				}
			}, volume)
		})
	}
}
