package rootca_test

import (
	"maps"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/rootca"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/shared/looptest"
)

// TestPublish has namespaces with and without the config map.
func TestPublish(t *testing.T) {
	const description = "kubernetes.io/description"
	published := func(data, annotations map[string]string) *corev1.ConfigMap {
		return &corev1.ConfigMap{Data: data, ObjectMeta: metav1.ObjectMeta{
			Namespace: "ns", Name: "kube-root-ca.crt", Annotations: annotations, Labels: map[string]string{"a": "b"}}}
	}
	right := map[string]string{"ca.crt": "the CA"}
	for _, test := range []struct {
		name   string
		phase  corev1.NamespacePhase
		before *corev1.ConfigMap
		// want is nil if there is to be no config map.
		want      map[string]string
		described bool
	}{
		{"missing", corev1.NamespaceActive, nil, right, true},
		{"missing while the namespace is being deleted", corev1.NamespaceTerminating, nil, nil, false},
		{"wrong", corev1.NamespaceActive, published(map[string]string{"ca.crt": "x"}, map[string]string{description: "mine"}), right, true},
		{"more than the CA", corev1.NamespaceActive, published(map[string]string{"ca.crt": "the CA", "more": "x"}, nil), right, true},
		{"right, with another description", corev1.NamespaceActive, published(right, map[string]string{description: "mine"}), right, false},
		{"wrong while the namespace is being deleted", corev1.NamespaceTerminating, published(map[string]string{"ca.crt": "x"}, nil),
			map[string]string{"ca.crt": "x"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			client := func() *fake.Clientset {
				c := fake.NewClientset(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "ns"}, Status: corev1.NamespaceStatus{Phase: test.phase}})
				if test.before != nil {
					_ = c.Tracker().Add(test.before)
				}
				return c
			}
			deps := controllers.Deps{RootCA: func() ([]byte, error) { return []byte("the CA"), nil }}
			looptest.On(t, rootca.Controller(), client, deps, func(t *testing.T, c *fake.Clientset) {
				got, err := c.CoreV1().ConfigMaps("ns").Get(t.Context(), "kube-root-ca.crt", metav1.GetOptions{})
				if test.want == nil {
					if !apierrors.IsNotFound(err) {
						t.Errorf("there is a config map, or %v", err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if !maps.Equal(got.Data, test.want) || (len(got.Annotations[description]) > 100) != test.described {
					t.Errorf("data %v, annotations %v", got.Data, got.Annotations)
				}
				if test.before != nil && got.Labels["a"] != "b" {
					t.Error("the label is gone")
				}
			})
		})
	}
}
