package aggregator

import (
	"net/url"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	restclient "k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
)

// TestResolver fills the indexers of the informers directly, without running
// them.
func TestResolver(t *testing.T) {
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: "s"},
		Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP, ClusterIP: "10.0.0.7", Ports: []corev1.ServicePort{{Name: "https", Port: 443}}}}
	slice := &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: "s-1", Labels: map[string]string{discoveryv1.LabelServiceName: "s"}},
		Endpoints: []discoveryv1.Endpoint{{Addresses: []string{"10.1.0.9"}}},
		Ports:     []discoveryv1.EndpointPort{{Name: ptr.To("https"), Port: ptr.To[int32](8443)}}}
	for _, test := range []struct {
		name          string
		served, slice bool
		service       string
		want          string
	}{
		{"cluster IP", true, false, "a/s", "https://10.0.0.7:443"},
		{"endpoints", true, true, "a/s", "https://10.1.0.9:8443"},
		{"nothing", true, false, "a/other", ""},
		{"in process", true, true, "b/own", "https://127.0.0.1:9"},
		{"in process, before the service of the cluster", true, false, "a/taken", "https://127.0.0.1:9"},
		{"this server", true, false, "default/kubernetes", "https://127.0.0.1:6443"},
		{"services are not served", false, false, "a/s", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := Config{Client: &restclient.Config{Host: "https://127.0.0.1:6443"}, EndpointRouting: test.slice,
				Informers: informers.NewSharedInformerFactory(fake.NewClientset(), 0),
				Serves:    func(schema.GroupVersionResource) bool { return test.served }}
			var r resolver
			services, slices := newServices(c, test.served, &r.backends), newEndpointSlices(c, test.served)
			if err := r.init(c, services, slices); err != nil {
				t.Fatal(err)
			}
			if test.served {
				if err := services.Informer().GetIndexer().Add(service); err != nil {
					t.Fatal(err)
				}
				if err := slices.Informer().GetIndexer().Add(slice); err != nil {
					t.Fatal(err)
				}
			}
			own := &url.URL{Scheme: "https", Host: "127.0.0.1:9"}
			for _, name := range []types.NamespacedName{{Namespace: "b", Name: "own"}, {Namespace: "a", Name: "taken"}} {
				r.backends.set(name, own)
			}
			namespace, name, _ := strings.Cut(test.service, "/")
			got, err := r.ResolveEndpoint(namespace, name, 443)
			if (err != nil) != (test.want == "") || err == nil && got.String() != test.want {
				t.Errorf("%v, %v", got, err)
			}
			r.backends.set(types.NamespacedName{Namespace: "b", Name: "own"}, nil)
			if r.backends.get("b", "own") != nil {
				t.Error("a backend that is gone is still found")
			}
		})
	}
}
