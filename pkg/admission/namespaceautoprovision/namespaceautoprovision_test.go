package namespaceautoprovision

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
)

func TestProvision(t *testing.T) {
	for _, test := range []struct {
		name, namespace string
		dryRun          bool
		created         int
	}{
		{"missing", "new", false, 1},
		{"dry run", "new", true, 0},
		{"known", "known", false, 0},
		{"no namespace", "", false, 0},
		{"just created by another", "other", false, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			factory := informers.NewSharedInformerFactory(fake.NewClientset(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "known"}}), 0)
			client := fake.NewClientset(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "other"}})
			p := newPlugin()
			p.SetExternalKubeInformerFactory(factory)
			p.SetExternalKubeClientSet(client)
			factory.StartWithContext(t.Context())
			err := p.Admit(t.Context(), apiadmission.NewAttributesRecord(nil, nil, corev1.SchemeGroupVersion.WithKind("ConfigMap"), test.namespace, "c",
				corev1.SchemeGroupVersion.WithResource("configmaps"), "", apiadmission.Create, nil, test.dryRun, nil), nil)
			if err != nil {
				t.Fatal(err)
			}
			list, err := client.CoreV1().Namespaces().List(t.Context(), metav1.ListOptions{})
			if err != nil || len(list.Items) != 1+test.created {
				t.Errorf("%v, error %v", list.Items, err)
			}
		})
	}
}
