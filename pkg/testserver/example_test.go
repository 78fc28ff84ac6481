package testserver_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/pkg/server"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// The handler of an aggregated API in the test process receives a request with
// the user who sent it to the server.
func ExampleServer_RegisterAPI() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	s, err := testserver.New(ctx, testserver.Options{DataDir: dir})
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
