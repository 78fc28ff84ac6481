package endpoints_test

import (
	"fmt"
	"maps"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/endpoints"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/shared/looptest"
)

// service returns a service with the selector app=web and a port.
func service(change ...func(*corev1.Service)) *corev1.Service {
	s := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "web", Labels: map[string]string{"team": "x"}}}
	s.Spec = corev1.ServiceSpec{ClusterIP: "10.0.0.1", Selector: map[string]string{"app": "web"},
		Ports: []corev1.ServicePort{port("http", intstr.FromInt32(8080))}}
	for _, f := range change {
		f(s)
	}
	return s
}

func port(name string, target intstr.IntOrString) corev1.ServicePort {
	return corev1.ServicePort{Name: name, Port: 80, TargetPort: target, Protocol: corev1.ProtocolTCP}
}

func pod(name, ip string, ready bool, change ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name, UID: types.UID("uid-" + name), Labels: map[string]string{"app": "web"}}}
	p.Spec.NodeName = "n"
	p.Spec.Containers = []corev1.Container{{Name: "c"}}
	if ip != "" {
		p.Status.PodIP, p.Status.PodIPs = ip, []corev1.PodIP{{IP: ip}}
	}
	if ready {
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	}
	for _, f := range change {
		f(p)
	}
	return p
}

// opens gives a pod a port with a name.
func opens(name string, number int32) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.Containers[0].Ports = []corev1.ContainerPort{{Name: name, ContainerPort: number, Protocol: corev1.ProtocolTCP}}
	}
}

// text writes Endpoints in short: the addresses of each subset, after a semicolon those
// that are not ready, and the ports.
func text(e *corev1.Endpoints) string {
	var all []string
	for _, s := range e.Subsets {
		var b strings.Builder
		for _, a := range s.Addresses {
			b.WriteString(a.IP + " ")
			if a.Hostname != "" {
				b.WriteString("(" + a.Hostname + ") ")
			}
		}
		b.WriteString("; ")
		for _, a := range s.NotReadyAddresses {
			b.WriteString(a.IP + " ")
		}
		for _, p := range s.Ports {
			fmt.Fprintf(&b, "%s:%d ", p.Name, p.Port)
		}
		all = append(all, strings.TrimSpace(b.String()))
	}
	return strings.Join(all, " | ")
}

func get(t *testing.T, client *fake.Clientset) *corev1.Endpoints {
	t.Helper()
	synctest.Wait()
	e, err := client.CoreV1().Endpoints("ns").Get(t.Context(), "web", metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	testutil.Check(t, err)
	return e
}

func TestSubsets(t *testing.T) {
	headless := func(s *corev1.Service) { s.Spec.ClusterIP = corev1.ClusterIPNone }
	named := func(s *corev1.Service) {
		s.Spec.Ports = append(s.Spec.Ports, port("tls", intstr.FromString("tls")))
	}
	six := func(s *corev1.Service) {
		s.Spec.IPFamilies = []corev1.IPFamily{corev1.IPv6Protocol, corev1.IPv4Protocol}
	}
	deleted := func(p *corev1.Pod) {
		p.DeletionTimestamp, p.Finalizers = &metav1.Time{Time: metav1.Now().Time}, []string{"f"}
	}
	publish := func(s *corev1.Service) { s.Spec.PublishNotReadyAddresses = true }
	phase := func(phase corev1.PodPhase) func(*corev1.Pod) { return func(p *corev1.Pod) { p.Status.Phase = phase } }
	for _, test := range []struct {
		name    string
		service *corev1.Service
		pods    []*corev1.Pod
		want    string
	}{
		{"no pods", service(), nil, ""},
		{"ready and not ready", service(), []*corev1.Pod{pod("b", "10.1.0.2", true), pod("a", "10.1.0.1", true), pod("c", "10.1.0.3", false)},
			"10.1.0.1 10.1.0.2 ; 10.1.0.3 http:8080"},
		{"without an address", service(), []*corev1.Pod{pod("a", "", true)}, ""},
		{"ended", service(), []*corev1.Pod{pod("a", "10.1.0.1", true, phase(corev1.PodSucceeded)), pod("b", "10.1.0.2", false, phase(corev1.PodFailed))}, ""},
		{"deleted", service(), []*corev1.Pod{pod("a", "10.1.0.1", true, deleted)}, ""},
		{"deleted, but published", service(publish), []*corev1.Pod{pod("a", "10.1.0.1", true, deleted), pod("b", "10.1.0.2", false)},
			"10.1.0.1 10.1.0.2 ; http:8080"},
		{"named port", service(named), []*corev1.Pod{pod("a", "10.1.0.1", true, opens("tls", 8443)), pod("b", "10.1.0.2", true, opens("tls", 9443)),
			pod("c", "10.1.0.3", true)}, "10.1.0.1 10.1.0.2 10.1.0.3 ; http:8080 | 10.1.0.1 ; tls:8443 | 10.1.0.2 ; tls:9443"},
		{"named port that all have", service(named), []*corev1.Pod{pod("a", "10.1.0.1", true, opens("tls", 8443))}, "10.1.0.1 ; http:8080 tls:8443"},
		{"headless without ports", service(headless, func(s *corev1.Service) { s.Spec.Ports = nil }), []*corev1.Pod{pod("a", "10.1.0.1", true)}, "10.1.0.1 ;"},
		{"no ports", service(func(s *corev1.Service) { s.Spec.Ports = nil }), []*corev1.Pod{pod("a", "10.1.0.1", true)}, ""},
		{"hostname", service(headless), []*corev1.Pod{pod("a", "10.1.0.1", true, func(p *corev1.Pod) { p.Spec.Hostname, p.Spec.Subdomain = "h", "web" }),
			pod("b", "10.1.0.2", true, func(p *corev1.Pod) { p.Spec.Hostname, p.Spec.Subdomain = "h", "other" })}, "10.1.0.1 (h) 10.1.0.2 ; http:8080"},
		{"first family", service(six), []*corev1.Pod{pod("a", "10.1.0.1", true), pod("b", "fd00::2", true),
			pod("c", "10.1.0.3", true, func(p *corev1.Pod) { p.Status.PodIPs = append(p.Status.PodIPs, corev1.PodIP{IP: "fd00::3"}) })},
			"fd00::2 fd00::3 ; http:8080"},
		{"the same address twice", service(), []*corev1.Pod{pod("a", "10.1.0.1", true), pod("b", "10.1.0.1", true)}, "10.1.0.1 10.1.0.1 ; http:8080"},
		{"another label", service(), []*corev1.Pod{pod("a", "10.1.0.1", true, func(p *corev1.Pod) { p.Labels["app"] = "x" })}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			objects := []runtime.Object{test.service}
			for _, p := range test.pods {
				objects = append(objects, p)
			}
			looptest.Run(t, endpoints.Controller(), nil, func(t *testing.T, client *fake.Clientset) {
				if e := get(t, client); e == nil || text(e) != test.want {
					t.Errorf("got  %v\nwant %q", e, test.want)
				}
			}, objects...)
		})
	}
}

// TestCapacity checks which addresses are left out when there are more than 1,000.
// kube-controller-manager v1.36.3 has left out the same.
func TestCapacity(t *testing.T) {
	for _, test := range []struct {
		name string
		// ready and notReady are the numbers of pods by the number of their port.
		ready, notReady map[int]int
		want            string
	}{
		{"as many as possible", map[int]int{1: 900}, map[int]int{1: 100}, "[] 1: 900+100"},
		{"ready ones", map[int]int{1: 1003}, map[int]int{1: 10}, "[truncated] 1: 1000+0"},
		{"not ready ones", map[int]int{1: 600}, map[int]int{1: 600}, "[truncated] 1: 600+400"},
		{"of two subsets", map[int]int{1: 800, 2: 700}, nil, "[truncated] 1: 533+0 2: 467+0"},
		{"not ready ones of two subsets", map[int]int{1: 300, 2: 301}, map[int]int{1: 600, 2: 450}, "[truncated] 1: 300+228 2: 301+171"},
		{"a subset that vanishes", map[int]int{1: 1200}, map[int]int{2: 10}, "[truncated] 1: 1000+0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			objects := []runtime.Object{service(func(s *corev1.Service) { s.Spec.Ports = []corev1.ServicePort{port("p", intstr.FromString("p"))} })}
			for ready, counts := range map[bool]map[int]int{true: test.ready, false: test.notReady} {
				for number, count := range counts {
					for i := range count {
						ip := fmt.Sprintf("10.%d.%d.%d", len(objects)%200, i/250, i%250)
						objects = append(objects, pod(fmt.Sprintf("p-%v-%d-%d", ready, number, i), ip, ready, opens("p", int32(number))))
					}
				}
			}
			looptest.Run(t, endpoints.Controller(), nil, func(t *testing.T, client *fake.Clientset) {
				e := get(t, client)
				got := fmt.Sprintf("[%s]", e.Annotations[corev1.EndpointsOverCapacity])
				for _, s := range e.Subsets {
					got += fmt.Sprintf(" %d: %d+%d", s.Ports[0].Port, len(s.Addresses), len(s.NotReadyAddresses))
				}
				if got != test.want {
					t.Errorf("got %s, want %s", got, test.want)
				}
			}, objects...)
		})
	}
}

// TestMetadata checks labels and annotations, and that those who do not concern the
// controller are left alone.
func TestMetadata(t *testing.T) {
	existing := &corev1.Endpoints{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "web", Labels: map[string]string{"old": "1"},
		Annotations: map[string]string{"a": "1", corev1.EndpointsOverCapacity: "truncated"}}, Subsets: []corev1.EndpointSubset{{}}}
	managed := map[string]string{"team": "x", "endpoints.kubernetes.io/managed-by": "endpoint-controller"}
	for _, test := range []struct {
		name    string
		service *corev1.Service
		want    map[string]string
	}{
		{"selector", service(), managed},
		{"headless", service(func(s *corev1.Service) { s.Spec.ClusterIP = corev1.ClusterIPNone }),
			map[string]string{"team": "x", "endpoints.kubernetes.io/managed-by": "endpoint-controller", corev1.IsHeadlessService: ""}},
		{"label of headless services", service(func(s *corev1.Service) { s.Labels[corev1.IsHeadlessService] = "no" }), managed},
		{"no selector", service(func(s *corev1.Service) { s.Spec.Selector = nil }), existing.Labels},
		{"external name", service(func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeExternalName }), existing.Labels},
	} {
		t.Run(test.name, func(t *testing.T) {
			looptest.Run(t, endpoints.Controller(), nil, func(t *testing.T, client *fake.Clientset) {
				e := get(t, client)
				if !maps.Equal(e.Labels, test.want) || e.Annotations["a"] != "1" {
					t.Errorf("labels %v, want %v; annotations %v", e.Labels, test.want, e.Annotations)
				}
				if _, kept := e.Annotations[corev1.EndpointsOverCapacity]; kept == (test.want["team"] == "x") {
					t.Errorf("annotations %v", e.Annotations)
				}
			}, test.service, existing.DeepCopy())
		})
	}
}

// TestChanges follows a service through its life.
func TestChanges(t *testing.T) {
	looptest.Run(t, endpoints.Controller(), nil, func(t *testing.T, client *fake.Clientset) {
		expect := func(what, want string) {
			t.Helper()
			if e := get(t, client); e == nil && want != "none" || e != nil && text(e) != want {
				t.Errorf("%s: %v, want %s", what, e, want)
			}
		}
		expect("at first", "10.1.0.1 ; http:8080")
		ctx := t.Context()
		_, err := client.CoreV1().Pods("ns").Update(ctx, pod("a", "10.1.0.1", false), metav1.UpdateOptions{})
		testutil.Check(t, err)
		expect("not ready", "; 10.1.0.1 http:8080")
		testutil.Check(t, client.CoreV1().Endpoints("ns").Delete(ctx, "web", metav1.DeleteOptions{}))
		expect("deleted by a user", "; 10.1.0.1 http:8080")
		writes := len(client.Actions())
		_, err = client.CoreV1().Pods("ns").Update(ctx, pod("a", "10.1.0.1", false, func(p *corev1.Pod) { p.Status.Message = "m" }), metav1.UpdateOptions{})
		testutil.Check(t, err)
		synctest.Wait()
		if more := client.Actions()[writes:]; len(more) != 1 {
			t.Errorf("actions after a change that does not matter: %v", more)
		}
		testutil.Check(t, client.CoreV1().Pods("ns").Delete(ctx, "a", metav1.DeleteOptions{}))
		expect("no pod", "")
		testutil.Check(t, client.CoreV1().Services("ns").Delete(ctx, "web", metav1.DeleteOptions{}))
		expect("no service", "none")
	}, service(), pod("a", "10.1.0.1", true))
}

// TestLeftovers checks that Endpoints without a service are deleted at the start only,
// except those that are used for leader election.
func TestLeftovers(t *testing.T) {
	some := func(name string, annotations map[string]string) *corev1.Endpoints {
		return &corev1.Endpoints{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name, Annotations: annotations}}
	}
	looptest.Run(t, endpoints.Controller(), nil, func(t *testing.T, client *fake.Clientset) {
		_, err := client.CoreV1().Endpoints("ns").Create(t.Context(), some("later", nil), metav1.CreateOptions{})
		testutil.Check(t, err)
		synctest.Wait()
		list, err := client.CoreV1().Endpoints("ns").List(t.Context(), metav1.ListOptions{})
		testutil.Check(t, err)
		var names []string
		for _, e := range list.Items {
			names = append(names, e.Name)
		}
		if got := strings.Join(names, " "); got != "later lock" {
			t.Errorf("left: %s", got)
		}
	}, some("left", nil), some("lock", map[string]string{"control-plane.alpha.kubernetes.io/leader": "{}"}))
}

// TestRefused checks the events and that the write is tried again.
func TestRefused(t *testing.T) {
	for verb, want := range map[string]string{
		"create": "FailedToCreateEndpoint Failed to create endpoint for service ns/web: not today",
		"update": "FailedToUpdateEndpoint Failed to update endpoint ns/web: not today",
	} {
		t.Run(verb, func(t *testing.T) {
			looptest.Run(t, endpoints.Controller(), nil, func(t *testing.T, client *fake.Clientset) {
				var allow atomic.Bool
				looptest.React(client, verb, "endpoints", func(clienttesting.Action) (bool, runtime.Object, error) {
					return !allow.Load(), nil, fmt.Errorf("not today")
				})
				if verb == "create" {
					testutil.Check(t, client.CoreV1().Endpoints("ns").Delete(t.Context(), "web", metav1.DeleteOptions{}))
				}
				_, err := client.CoreV1().Pods("ns").Create(t.Context(), pod("a", "10.1.0.1", true), metav1.CreateOptions{})
				testutil.Check(t, err)
				synctest.Wait()
				allow.Store(true)
				looptest.ExpectEvent(t, client, "ns", "endpoint-controller", want)
				if e := get(t, client); text(e) != "10.1.0.1 ; http:8080" {
					t.Errorf("got %v", e)
				}
			}, service())
		})
	}
}
