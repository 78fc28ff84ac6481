package defaultingressclass

import (
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	networkingv1beta1 "k8s.io/api/networking/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/utils/ptr"
)

func TestSetClass(t *testing.T) {
	for _, test := range []struct {
		name        string
		mark        string
		named       *string
		annotations map[string]string
		want        *string
	}{
		{name: "no default", mark: "false"},
		{name: "default", mark: "true", want: ptr.To("a")},
		{name: "named", mark: "true", named: ptr.To("b"), want: ptr.To("b")},
		{name: "named by the old annotation", mark: "true", annotations: map[string]string{networkingv1beta1.AnnotationIngressClass: "b"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			class := &networkingv1.IngressClass{ObjectMeta: metav1.ObjectMeta{
				Name: "a", Annotations: map[string]string{networkingv1.AnnotationIsDefaultIngressClass: test.mark}}}
			factory := informers.NewSharedInformerFactory(fake.NewClientset(class), 0)
			p := newPlugin()
			p.SetExternalKubeInformerFactory(factory)
			factory.StartWithContext(t.Context())
			ingress := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Annotations: test.annotations},
				Spec: networkingv1.IngressSpec{IngressClassName: test.named}}
			err := p.Admit(t.Context(), apiadmission.NewAttributesRecord(ingress, nil, schema.GroupVersionKind{}, "ns", "i",
				networkingv1.SchemeGroupVersion.WithResource("ingresses"), "", apiadmission.Create, nil, false, nil), nil)
			if err != nil || !ptr.Equal(ingress.Spec.IngressClassName, test.want) {
				t.Errorf("class %q, want %q, error %v", ptr.Deref(ingress.Spec.IngressClassName, "-"), ptr.Deref(test.want, "-"), err)
			}
		})
	}
}
