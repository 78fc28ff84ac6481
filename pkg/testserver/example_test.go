package testserver_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/pkg/server"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// A server without a test, for example for TestMain: the caller stops it.
func ExampleNew() {
	ctx := context.Background()
	s, err := testserver.New(ctx)
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

// ConfigFor gives another user a client certificate.
func ExampleServer_configFor() {
	ctx := context.Background()
	s, err := testserver.New(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer s.Stop()

	config, err := s.ConfigFor("jane", "developers")
	if err != nil {
		log.Fatal(err)
	}
	_, err = kubernetes.NewForConfigOrDie(config).CoreV1().Secrets("default").List(ctx, metav1.ListOptions{})
	fmt.Println(apierrors.IsForbidden(err))
	fmt.Println(err)
	// Output:
	// true
	// secrets is forbidden: User "jane" cannot list resource "secrets" in API group "" in the namespace "default"
}

// After a restart the data is still there, and clients can go on.
func ExampleServer_restart() {
	ctx := context.Background()
	s, err := testserver.New(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer s.Stop()

	maps := kubernetes.NewForConfigOrDie(s.Config).CoreV1().ConfigMaps("default")
	if _, err := maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "kept"}}, metav1.CreateOptions{}); err != nil {
		log.Fatal(err)
	}
	if err := s.Restart(ctx); err != nil {
		log.Fatal(err)
	}
	kept, err := maps.Get(ctx, "kept", metav1.GetOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(kept.Name)
	// Output: kept
}

// The handler of an aggregated API in the test process receives a request with
// the user who sent it to the server.
func ExampleServer_RegisterAPI() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s, err := testserver.New(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer s.Stop()

	toys := schema.GroupVersion{Group: "toys.example.com", Version: "v1"}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /apis/toys.example.com/v1", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(metav1.APIResourceList{
			TypeMeta:     metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"},
			GroupVersion: toys.String(),
			APIResources: []metav1.APIResource{{Name: "toys", SingularName: "toy", Kind: "Toy", Verbs: metav1.Verbs{"get"}}},
		})
	})
	mux.HandleFunc("GET /apis/toys.example.com/v1/toys/{name}", func(w http.ResponseWriter, r *http.Request) {
		user, _ := genericapirequest.UserFrom(r.Context())
		fmt.Fprintf(w, "the %s of %s", r.PathValue("name"), user.GetName())
	})
	if err := s.RegisterAPI(ctx, server.API{GroupVersions: []schema.GroupVersion{toys}, Handler: mux}); err != nil {
		log.Fatal(err)
	}

	client := kubernetes.NewForConfigOrDie(s.Config)
	answer, err := client.RESTClient().Get().AbsPath("/apis/toys.example.com/v1/toys/bear").DoRaw(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(answer))
	// Output: the bear of kubernetes-admin
}
