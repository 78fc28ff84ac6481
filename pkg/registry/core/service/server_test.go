package service_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

func named(name string, spec corev1.ServiceSpec) *corev1.Service {
	if len(spec.Ports) == 0 && spec.Type != corev1.ServiceTypeExternalName {
		spec.Ports = []corev1.ServicePort{{Port: 80}}
	}
	return &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: spec}
}

// addresses returns the names of all IPAddress objects.
func addresses(t testing.TB, client kubernetes.Interface) []string {
	t.Helper()
	list, err := client.NetworkingV1().IPAddresses().List(t.Context(), metav1.ListOptions{})
	testutil.Check(t, err)
	var names []string
	for _, ip := range list.Items {
		names = append(names, ip.Name)
	}
	return names
}

// TestParallelCreates lets 64 clients create services with node ports until the
// range is exhausted. It checks that each address and port has exactly one
// owner, and that all of them are free again when the services have been
// deleted.
func TestParallelCreates(t *testing.T) {
	s := testserver.Start(t, testserver.Options{Flags: []string{"--service-cluster-ip-range=10.0.0.0/25", "--service-node-port-range=30000-30199"}})
	client := kubernetes.NewForConfigOrDie(s.Config)
	api := client.CoreV1().Services("default")
	var mu sync.Mutex
	owners := map[string]string{}
	var full int
	var clients sync.WaitGroup
	for c := range 64 {
		clients.Go(func() {
			for i := range 3 {
				name := fmt.Sprintf("s-%d-%d", c, i)
				made, err := api.Create(t.Context(), named(name, corev1.ServiceSpec{Type: corev1.ServiceTypeNodePort}), metav1.CreateOptions{})
				mu.Lock()
				if err != nil {
					full++
					if !strings.Contains(err.Error(), "Internal error occurred: failed to allocate a serviceIP: range is full") {
						t.Error(err)
					}
				} else {
					for _, what := range []string{made.Spec.ClusterIP, fmt.Sprint(made.Spec.Ports[0].NodePort)} {
						if other, twice := owners[what]; twice {
							t.Errorf("%s is that of %s and %s", what, other, name)
						}
						owners[what] = name
					}
				}
				mu.Unlock()
			}
		})
	}
	clients.Wait()
	const size = 126 - 1 // the service "kubernetes" has one address
	if len(owners) != 2*size || full != 3*64-size {
		t.Errorf("%d addresses and ports, %d refusals", len(owners), full)
	}
	if got := addresses(t, client); len(got) != size+1 {
		t.Errorf("%d IP addresses", len(got))
	}
	testutil.Check(t,
		client.CoreV1().RESTClient().Delete().Namespace("default").Resource("services").Param("fieldSelector", "metadata.name!=kubernetes").Do(t.Context()).Error())
	if got := addresses(t, client); len(got) != 1 {
		t.Errorf("IP addresses after all services were deleted: %v", got)
	}
	var again []int32
	for i := range 10 {
		ports := make([]corev1.ServicePort, 20)
		for j := range ports {
			ports[j] = corev1.ServicePort{Name: fmt.Sprint("p", j), Port: int32(j + 1)}
		}
		made, err := api.Create(t.Context(), named(fmt.Sprint("again-", i), corev1.ServiceSpec{Type: corev1.ServiceTypeNodePort, Ports: ports}),
			metav1.CreateOptions{})
		testutil.Check(t, err)
		for _, p := range made.Spec.Ports {
			again = append(again, p.NodePort)
		}
	}
	slices.Sort(again)
	if len(slices.Compact(again)) != 200 {
		t.Errorf("%d node ports, want all 200", len(again))
	}
	_, err := api.Create(t.Context(), named("too-many", corev1.ServiceSpec{Type: corev1.ServiceTypeNodePort}), metav1.CreateOptions{})
	if err == nil || !strings.Contains(err.Error(), "Internal error occurred: failed to allocate a nodePort: range is full") {
		t.Errorf("no port is left: %v", err)
	}
}

// TestNothingIsLost checks that failed requests and dry runs release everything
// that they have allocated, and that a service releases what its new type does
// not have.
func TestNothingIsLost(t *testing.T) {
	s := testserver.Start(t)
	client := kubernetes.NewForConfigOrDie(s.Config)
	api := client.CoreV1().Services("default")
	dry := metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
	port := func(p int32) []corev1.ServicePort { return []corev1.ServicePort{{Port: 80, NodePort: p}} }
	create := func(name string, spec corev1.ServiceSpec, options metav1.CreateOptions) (*corev1.Service, error) {
		return api.Create(t.Context(), named(name, spec), options)
	}
	_, err := create("web", corev1.ServiceSpec{ClusterIP: "10.0.0.9", Type: "NodePort", Ports: port(30007)}, metav1.CreateOptions{})
	testutil.Check(t, err)
	for _, c := range []struct {
		name, want string
		spec       corev1.ServiceSpec
	}{
		{"a", `spec.clusterIPs: Invalid value: ["10.0.0.9"]: failed to allocate IP 10.0.0.9: provided IP is already allocated`,
			corev1.ServiceSpec{ClusterIP: "10.0.0.9"}},
		{"a", `failed to allocate IP 10.9.0.1: the provided network does not match the current range`, corev1.ServiceSpec{ClusterIP: "10.9.0.1"}},
		{"a", `spec.ports[0].nodePort: Invalid value: 30007: provided port is already allocated`, corev1.ServiceSpec{Type: "NodePort", Ports: port(30007)}},
		{"a", `spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767`,
			corev1.ServiceSpec{Type: "NodePort", Ports: port(80)}},
		{"a", `spec.sessionAffinity: Unsupported value: "Odd"`, corev1.ServiceSpec{Type: "NodePort", Ports: port(30008), SessionAffinity: "Odd"}},
		{"a/b", `Service "a/b" is invalid: spec.clusterIPs: Invalid value: [""]: failed to allocate IP: IPAddress.networking.k8s.io "10.0.0.`, corev1.ServiceSpec{}},
		{"..", `failed to allocate IP 10.0.0.1: IPAddress.networking.k8s.io "10.0.0.1" is invalid: spec.parentRef.name: Invalid value: "..": may not be '..'`,
			corev1.ServiceSpec{ClusterIP: "10.0.0.1"}},
		{"web", `services "web" already exists`, corev1.ServiceSpec{Type: "NodePort", Ports: port(30008)}},
	} {
		if _, err := create(c.name, c.spec, metav1.CreateOptions{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %s", err, c.want)
		}
	}
	_, err = create("b", corev1.ServiceSpec{Type: "NodePort", Ports: port(30008), ClusterIP: "10.0.0.8"}, dry)
	testutil.Check(t, err)
	if got := addresses(t, client); !slices.Equal(got, []string{"10.0.0.1", "10.0.0.9"}) {
		t.Errorf("addresses: %v", got)
	}
	_, err = create("b", corev1.ServiceSpec{Type: "NodePort", Ports: port(30008), ClusterIP: "10.0.0.8"}, metav1.CreateOptions{})
	testutil.Check(t, err)

	patch := func(body string, options metav1.PatchOptions) *corev1.Service {
		t.Helper()
		changed, err := api.Patch(t.Context(), "web", types.MergePatchType, []byte(body), options)
		testutil.Check(t, err)
		return changed
	}
	patch(`{"spec":{"type":"ExternalName","externalName":"example.com"}}`, metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}})
	if got := addresses(t, client); !slices.Contains(got, "10.0.0.9") {
		t.Errorf("addresses after a dry run: %v", got)
	}
	patch(`{"spec":{"type":"ExternalName","externalName":"example.com"}}`, metav1.PatchOptions{})
	if got := addresses(t, client); !slices.Equal(got, []string{"10.0.0.1", "10.0.0.8"}) {
		t.Errorf("addresses of an ExternalName: %v", got)
	}
	_, err = create("c", corev1.ServiceSpec{Type: "NodePort", Ports: port(30007), ClusterIP: "10.0.0.9"}, metav1.CreateOptions{})
	testutil.Check(t, err)
	changed := patch(`{"spec":{"type":"LoadBalancer","externalTrafficPolicy":"Local"}}`, metav1.PatchOptions{})
	if p := changed.Spec; p.HealthCheckNodePort == 0 || p.Ports[0].NodePort == 0 || p.HealthCheckNodePort == p.Ports[0].NodePort || p.ClusterIP == "" {
		t.Errorf("as LoadBalancer: %+v", p)
	}
}

// TestKubernetesService checks the service "kubernetes" and its addresses
// before and after a restart, and that a restart repairs what has been deleted
// in between.
func TestKubernetesService(t *testing.T) {
	dir := t.TempDir()
	start := func() (*testserver.Server, kubernetes.Interface) {
		s, err := testserver.New(t.Context(), testserver.Options{DataDir: dir, Flags: []string{"--advertise-address=192.0.2.7"}})
		testutil.Check(t, err)
		return s, kubernetes.NewForConfigOrDie(s.Config)
	}
	s, client := start()
	first, err := client.CoreV1().Services("default").Get(t.Context(), "kubernetes", metav1.GetOptions{})
	testutil.Check(t, err)
	if first.Spec.ClusterIP != "10.0.0.1" || first.Spec.Ports[0].Port != 443 || !strings.HasSuffix(s.URL, ":"+first.Spec.Ports[0].TargetPort.String()) {
		t.Errorf("service: %+v, server %s", first.Spec, s.URL)
	}
	slice, err := client.DiscoveryV1().EndpointSlices("default").Get(t.Context(), "kubernetes", metav1.GetOptions{})
	testutil.Check(t, err)
	if len(slice.Endpoints) != 1 || slice.Endpoints[0].Addresses[0] != "192.0.2.7" || slice.Labels["kubernetes.io/service-name"] != "kubernetes" {
		t.Errorf("slice: %+v", slice)
	}
	endpoints, err := client.CoreV1().Endpoints("default").Get(t.Context(), "kubernetes", metav1.GetOptions{})
	testutil.Check(t, err)
	if !maps.Equal(endpoints.Labels, map[string]string{"endpointslice.kubernetes.io/skip-mirror": "true"}) || endpoints.Subsets[0].Addresses[0].IP != "192.0.2.7" {
		t.Errorf("endpoints: %+v", endpoints)
	}
	roots := x509.NewCertPool()
	ca, err := os.ReadFile(dir + "/pki/ca.crt")
	testutil.Check(t, err)
	roots.AppendCertsFromPEM(ca)
	conn, err := tls.Dial("tcp", strings.TrimPrefix(s.URL, "https://"), &tls.Config{RootCAs: roots, ServerName: "10.0.0.1"})
	testutil.Check(t, err)
	_ = conn.Close()
	testutil.Check(t, client.NetworkingV1().IPAddresses().Delete(t.Context(), "10.0.0.1", metav1.DeleteOptions{}))
	testutil.Check(t, s.Stop())

	s, client = start()
	again, err := client.CoreV1().Services("default").Get(t.Context(), "kubernetes", metav1.GetOptions{})
	testutil.Check(t, err)
	if again.UID != first.UID ||
		again.Spec.Ports[0].TargetPort == first.Spec.Ports[0].TargetPort && !strings.HasSuffix(s.URL, ":"+again.Spec.Ports[0].TargetPort.String()) {
		t.Errorf("after a restart: %+v", again)
	}
	ip, err := client.NetworkingV1().IPAddresses().Get(t.Context(), "10.0.0.1", metav1.GetOptions{})
	testutil.Check(t, err)
	if ip.Spec.ParentRef.Name != "kubernetes" || ip.Labels["ipaddress.kubernetes.io/managed-by"] != "ipallocator.k8s.io" {
		t.Errorf("repaired: %+v", ip)
	}
	for path, want := range map[string]int{"kubernetes/proxy/": http.StatusServiceUnavailable, "https:kubernetes:443/proxy/": http.StatusServiceUnavailable,
		"kubernetes:444/proxy/": http.StatusServiceUnavailable, "ftp:kubernetes:443/proxy/": http.StatusBadRequest, "none/proxy/": http.StatusNotFound} {
		var code int
		client.CoreV1().RESTClient().Get().AbsPath("/api/v1/namespaces/default/services/" + path).Do(t.Context()).StatusCode(&code)
		if code != want {
			t.Errorf("%s: %d, want %d", path, code, want)
		}
	}
	testutil.Check(t, s.Stop())
}

// TestChosenPortsLeaveThoseAskedFor creates services with a port that is asked for after one that is
// chosen, where both have all ports that there are.
func TestChosenPortsLeaveThoseAskedFor(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t, testserver.Options{Flags: []string{"--service-node-port-range=30000-30001"}})
	services := kubernetes.NewForConfigOrDie(s.Config).CoreV1().Services(metav1.NamespaceDefault)
	for range 10 {
		made, err := services.Create(t.Context(), named("two", corev1.ServiceSpec{Type: corev1.ServiceTypeNodePort, Ports: []corev1.ServicePort{
			{Name: "chosen", Port: 80}, {Name: "asked", Port: 81, NodePort: 30001}}}), metav1.CreateOptions{})
		testutil.Check(t, err)
		if port := made.Spec.Ports[0].NodePort; port != 30000 {
			t.Errorf("port %d was chosen", port)
		}
		testutil.Check(t, services.Delete(t.Context(), "two", metav1.DeleteOptions{}))
	}
}
