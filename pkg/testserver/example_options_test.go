package testserver_test

import (
	"context"
	"embed"
	"fmt"
	"log"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

//go:embed testdata/crds
var definitions embed.FS

// A server with definitions from an embed.FS and with objects. They are there when
// New returns.
func ExampleOptions() {
	ctx := context.Background()
	s, err := testserver.New(ctx, testserver.Options{
		CRDs: testserver.Manifests{FS: definitions},
		Objects: testserver.Manifests{Objects: []runtime.Object{
			&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}},
			&unstructured.Unstructured{Object: map[string]any{
				"apiVersion": "example.com/v1",
				"kind":       "Gadget",
				"metadata":   map[string]any{"namespace": "shop", "name": "lamp"},
			}},
		}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Stop()

	gadgets := dynamic.NewForConfigOrDie(s.Config).Resource(schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "gadgets"})
	list, err := gadgets.List(ctx, metav1.ListOptions{})
	if err != nil {
		log.Fatal(err)
	}
	for _, gadget := range list.Items {
		fmt.Println(gadget.GetNamespace(), gadget.GetName())
	}
	// Output: shop lamp
}
