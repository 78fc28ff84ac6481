package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// TestTwoServers runs two servers on one etcd.
func TestTwoServers(t *testing.T) {
	t.Parallel()
	etcd := "http://" + freeAddress(t)
	first := testserver.Start(t, testserver.Options{Flags: []string{"--embedded-etcd-listen-client-url=" + etcd, "--advertise-address=192.0.2.1"}})
	second := testserver.Start(t, testserver.Options{Flags: []string{"--etcd-servers=" + etcd, "--advertise-address=192.0.2.2"}})
	clients := []kubernetes.Interface{kubernetes.NewForConfigOrDie(first.Config), kubernetes.NewForConfigOrDie(second.Config)}

	// Both servers must be in the endpoints, and they must not allocate the
	// same address.
	eventually(t, "both servers are endpoints of the kubernetes service", func() bool {
		e, err := clients[1].CoreV1().Endpoints("default").Get(t.Context(), "kubernetes", metav1.GetOptions{})
		return err == nil && len(e.Subsets) == 1 && len(e.Subsets[0].Addresses) == 2
	})
	var taken []string
	for i := range 40 {
		s, err := clients[i%2].CoreV1().Services("default").Create(t.Context(), &corev1.Service{ObjectMeta: named(fmt.Sprintf("s%d", i)),
			Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}}}, metav1.CreateOptions{})
		testutil.Check(t, err)
		if slices.Contains(taken, s.Spec.ClusterIP) {
			t.Errorf("%s is given twice", s.Spec.ClusterIP)
		}
		taken = append(taken, s.Spec.ClusterIP)
	}

	// Both serve a custom resource whose definition was created through one of
	// them.
	definition := `{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"shared.example.com"},"spec":{"group":"example.com",
		"scope":"Cluster","names":{"plural":"shared","kind":"Shared"},"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object"}}}]}}`
	r := send(t, second.Config, request{method: "POST", path: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", body: []byte(definition),
		headers: []string{"Content-Type", "application/json"}})
	if r.code != 201 {
		t.Fatalf("%d %s", r.code, r.body)
	}
	for _, s := range []*testserver.Server{first, second} {
		eventually(t, "the custom resource is served", func() bool {
			r := send(t, s.Config, request{path: "/apis/example.com/v1/shared"})
			return r.code == 200 && strings.Contains(string(r.body), "SharedList")
		})
	}

	// An address that one server has released can be allocated by the other.
	testutil.Check(t, clients[0].CoreV1().Services("default").Delete(t.Context(), "s0", metav1.DeleteOptions{}))
	eventually(t, taken[0]+" is free again", func() bool {
		_, err := clients[1].NetworkingV1().IPAddresses().Get(t.Context(), taken[0], metav1.GetOptions{})
		return apierrors.IsNotFound(err)
	})
}
