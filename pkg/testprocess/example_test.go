package testprocess_test

import (
	"context"
	"fmt"
	"log"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/pkg/testprocess"
)

// A server without a test, for example for TestMain: the caller stops it.
func ExampleNew() {
	ctx := context.Background()
	s, err := testprocess.New(ctx, testprocess.Options{Controllers: []string{}})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Stop()

	client := kubernetes.NewForConfigOrDie(s.Config)
	namespace, err := client.CoreV1().Namespaces().Get(ctx, "kube-system", metav1.GetOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(namespace.Status.Phase)
	// Output: Active
}
