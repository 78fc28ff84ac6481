package testserver_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// In a test file of yours, the name of this function begins with Test, and go test
// calls it.
func testLabels(t *testing.T) {
	s := testserver.Start(t)
	namespaces := kubernetes.NewForConfigOrDie(s.Config).CoreV1().Namespaces()
	shop := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}}
	shop, err := namespaces.Create(t.Context(), shop, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if name := shop.Labels["kubernetes.io/metadata.name"]; name != "shop" {
		t.Errorf("the label is %q", name)
	}
}

// The server belongs to a test, and stops when this test has ended.
func ExampleStart() {
	var t *testing.T // the argument of the test function
	testLabels(t)
}
