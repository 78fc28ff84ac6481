package defaultstorageclass

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/utils/ptr"
)

func TestSetClass(t *testing.T) {
	marked := func(name, annotation string) *storagev1.StorageClass {
		return &storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{annotation: "true"}}}
	}
	for _, test := range []struct {
		name        string
		class       *storagev1.StorageClass
		named       *string
		annotations map[string]string
		want        *string
	}{
		{name: "no default", class: marked("a", "other")},
		{name: "default", class: marked("a", isDefault), want: ptr.To("a")},
		{name: "default by the old annotation", class: marked("a", isDefaultBeta), want: ptr.To("a")},
		{name: "named", class: marked("a", isDefault), named: ptr.To("b"), want: ptr.To("b")},
		{name: "no class wanted", class: marked("a", isDefault), named: ptr.To(""), want: ptr.To("")},
		{name: "named by the old annotation", class: marked("a", isDefault), annotations: map[string]string{corev1.BetaStorageClassAnnotation: ""}},
	} {
		t.Run(test.name, func(t *testing.T) {
			factory := informers.NewSharedInformerFactory(fake.NewClientset(test.class), 0)
			p := newPlugin()
			p.SetExternalKubeInformerFactory(factory)
			factory.StartWithContext(t.Context())
			claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Annotations: test.annotations},
				Spec: corev1.PersistentVolumeClaimSpec{StorageClassName: test.named}}
			err := p.Admit(t.Context(), apiadmission.NewAttributesRecord(claim, nil, schema.GroupVersionKind{}, "ns", "c",
				corev1.SchemeGroupVersion.WithResource("persistentvolumeclaims"), "", apiadmission.Create, nil, false, nil), nil)
			if err != nil || !ptr.Equal(claim.Spec.StorageClassName, test.want) {
				t.Errorf("class %q, want %q, error %v", ptr.Deref(claim.Spec.StorageClassName, "-"), ptr.Deref(test.want, "-"), err)
			}
		})
	}
}
