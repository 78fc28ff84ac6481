package storageprotection

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

func TestAdmit(t *testing.T) {
	plugin, err := Plugin().New(nil)
	testutil.Check(t, err)
	for _, test := range []struct {
		name     string
		resource schema.GroupResource
		obj      interface {
			metav1.Object
			runtime.Object
		}
		want string
	}{
		{"claim", corev1.Resource("persistentvolumeclaims"), &corev1.PersistentVolumeClaim{}, "kubernetes.io/pvc-protection"},
		{"volume", corev1.Resource("persistentvolumes"), &corev1.PersistentVolume{}, "kubernetes.io/pv-protection"},
		{"class", storagev1.Resource("volumeattributesclasses"), &storagev1.VolumeAttributesClass{}, "kubernetes.io/vac-protection"},
	} {
		t.Run(test.name, func(t *testing.T) {
			testutil.Check(t, plugin.(apiadmission.MutationInterface).Admit(t.Context(), apiadmission.NewAttributesRecord(test.obj, nil,
				schema.GroupVersionKind{}, "", "x", test.resource.WithVersion("v1"), "", apiadmission.Create, nil, false, nil), nil))
			if got := test.obj.GetFinalizers(); !slices.Equal(got, []string{test.want}) {
				t.Errorf("finalizers %q, want %q", got, test.want)
			}
		})
	}
}
