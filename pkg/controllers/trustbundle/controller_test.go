package trustbundle_test

import (
	"fmt"
	"slices"
	"testing"

	certificatesv1 "k8s.io/api/certificates/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/shared/looptest"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/trustbundle"
)

// TestPublish has bundles of the signer and of another one.
func TestPublish(t *testing.T) {
	bundle := func(name, signer, content string) *certificatesv1.ClusterTrustBundle {
		return &certificatesv1.ClusterTrustBundle{ObjectMeta: metav1.ObjectMeta{Name: name},
			Spec: certificatesv1.ClusterTrustBundleSpec{SignerName: signer, TrustBundle: content}}
	}
	const signer = "kubernetes.io/kube-apiserver-serving"
	const name = "kubernetes.io:kube-apiserver-serving:56d66c4982cee7c9b80102da" // the digest of "the CA"
	for _, test := range []struct {
		name   string
		before []runtime.Object
		want   []string
	}{
		{"nothing", nil, []string{name + " the CA"}},
		{"published", []runtime.Object{bundle(name, signer, "the CA")}, []string{name + " the CA"}},
		{"changed", []runtime.Object{bundle(name, signer, "x")}, []string{name + " the CA"}},
		{"other bundles", []runtime.Object{bundle("kubernetes.io:kube-apiserver-serving:old", signer, "x"), bundle("example.com:a:b", "example.com/a", "x")},
			[]string{"example.com:a:b x", name + " the CA"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			client := func() *fake.Clientset { return fake.NewClientset(test.before...) }
			deps := controllers.Deps{RootCA: func() ([]byte, error) { return []byte("the CA"), nil }}
			looptest.On(t, trustbundle.Controller(), client, deps, func(t *testing.T, c *fake.Clientset) {
				list, err := c.CertificatesV1().ClusterTrustBundles().List(t.Context(), metav1.ListOptions{})
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, b := range list.Items {
					got = append(got, fmt.Sprint(b.Name, " ", b.Spec.TrustBundle))
				}
				if slices.Sort(got); !slices.Equal(got, test.want) {
					t.Errorf("got %q, want %q", got, test.want)
				}
			})
		})
	}
}
