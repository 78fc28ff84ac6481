package claimresize

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/utils/ptr"
)

func TestValidate(t *testing.T) {
	claim := func(class *string, size string) *corev1.PersistentVolumeClaim {
		return &corev1.PersistentVolumeClaim{Spec: corev1.PersistentVolumeClaimSpec{StorageClassName: class,
			Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{"storage": resource.MustParse(size)}}}}
	}
	factory := informers.NewSharedInformerFactory(fake.NewClientset(
		&storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: "fixed"}},
		&storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: "no"}, AllowVolumeExpansion: ptr.To(false)},
		&storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: "yes"}, AllowVolumeExpansion: ptr.To(true)}), 0)
	p := newPlugin()
	p.SetExternalKubeInformerFactory(factory)
	factory.StartWithContext(t.Context())
	for _, test := range []struct {
		name    string
		class   *string
		size    string
		refused bool
	}{
		{"the class allows it", ptr.To("yes"), "2Gi", false},
		{"the class does not say", ptr.To("fixed"), "2Gi", true},
		{"the class forbids it", ptr.To("no"), "2Gi", true},
		{"a missing class", ptr.To("missing"), "2Gi", true},
		{"the class of no name", ptr.To(""), "2Gi", true},
		{"no class", nil, "2Gi", true},
		{"the same size", ptr.To("no"), "1024Mi", false},
		{"smaller", ptr.To("no"), "1Mi", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := p.Validate(t.Context(), apiadmission.NewAttributesRecord(claim(test.class, test.size), claim(test.class, "1Gi"), schema.GroupVersionKind{},
				"ns", "c", corev1.SchemeGroupVersion.WithResource("persistentvolumeclaims"), "", apiadmission.Update, nil, false, nil), nil)
			if (err != nil) != test.refused {
				t.Errorf("refused: %v", err)
			}
		})
	}
}
