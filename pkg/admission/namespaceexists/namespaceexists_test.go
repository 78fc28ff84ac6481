package namespaceexists

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
)

func TestValidate(t *testing.T) {
	namespace := func(name string) *corev1.Namespace {
		return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	}
	factory := informers.NewSharedInformerFactory(fake.NewClientset(namespace("known")), 0)
	p := newPlugin()
	p.SetExternalKubeInformerFactory(factory)
	p.SetExternalKubeClientSet(fake.NewClientset(namespace("new")))
	factory.StartWithContext(t.Context())
	for _, test := range []struct{ name, kind, namespace, want string }{
		{"known", "ConfigMap", "known", "<nil>"},
		{"not yet known", "ConfigMap", "new", "<nil>"},
		{"missing", "ConfigMap", "missing", `namespaces "missing" not found`},
		{"no namespace", "Node", "", "<nil>"},
		{"the namespace itself", "Namespace", "missing", "<nil>"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := p.Validate(t.Context(), apiadmission.NewAttributesRecord(nil, nil, corev1.SchemeGroupVersion.WithKind(test.kind), test.namespace, "c",
				corev1.SchemeGroupVersion.WithResource("configmaps"), "", apiadmission.Create, nil, false, nil), nil)
			if got := fmt.Sprint(err); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}
