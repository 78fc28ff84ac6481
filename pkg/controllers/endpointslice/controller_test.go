package endpointslice_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/endpointslice"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/shared/looptest"
)

func service(change ...func(*corev1.Service)) *corev1.Service {
	s := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "web", UID: "service"}}
	s.Spec = corev1.ServiceSpec{ClusterIP: "10.0.0.1", IPFamilies: []corev1.IPFamily{corev1.IPv4Protocol}, Selector: map[string]string{"app": "web"},
		Ports: []corev1.ServicePort{{Name: "http", Port: 80, TargetPort: intstr.FromInt32(8080), Protocol: corev1.ProtocolTCP}}}
	for _, f := range change {
		f(s)
	}
	return s
}

func pod(name, ip, node string) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name, UID: types.UID("uid-" + name), Labels: map[string]string{"app": "web"}}}
	p.Spec.NodeName = node
	p.Status = corev1.PodStatus{PodIP: ip, PodIPs: []corev1.PodIP{{IP: ip}},
		Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}}
	return p
}

func node(name, zone string) *corev1.Node {
	return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{corev1.LabelTopologyZone: zone}}}
}

// slicesOf returns the slices in short: their family and their endpoints.
func slicesOf(t *testing.T, client *fake.Clientset) (all []string) {
	t.Helper()
	synctest.Wait()
	list, err := client.DiscoveryV1().EndpointSlices("ns").List(t.Context(), metav1.ListOptions{LabelSelector: discoveryv1.LabelManagedBy})
	testutil.Check(t, err)
	for _, s := range list.Items {
		if s.Labels[discoveryv1.LabelServiceName] != "web" || s.Labels[discoveryv1.LabelManagedBy] != "endpointslice-controller.k8s.io" {
			t.Errorf("labels %v", s.Labels)
		}
		var endpoints []string
		for _, e := range s.Endpoints {
			text := e.Addresses[0] + "@" + ptr.Deref(e.Zone, "")
			if e.Hints != nil {
				text += fmt.Sprint("->", e.Hints.ForZones[0].Name)
			}
			endpoints = append(endpoints, text)
		}
		slices.Sort(endpoints)
		all = append(all, string(s.AddressType)+" "+strings.Join(endpoints, " "))
	}
	slices.Sort(all)
	return all
}

func TestSlices(t *testing.T) {
	for _, test := range []struct {
		name    string
		service *corev1.Service
		want    []string
	}{
		{"selector", service(), []string{"IPv4 10.1.0.1@a 10.1.0.2@b"}},
		{"both families", service(func(s *corev1.Service) {
			s.Spec.IPFamilies = []corev1.IPFamily{corev1.IPv6Protocol, corev1.IPv4Protocol}
		}),
			[]string{"IPv4 10.1.0.1@a 10.1.0.2@b", "IPv6 fd00::3@a"}},
		{"near endpoints", service(func(s *corev1.Service) {
			s.Spec.TrafficDistribution = ptr.To(corev1.ServiceTrafficDistributionPreferSameZone)
		}),
			[]string{"IPv4 10.1.0.1@a->a 10.1.0.2@b->b"}},
		{"nothing selected", service(func(s *corev1.Service) { s.Spec.Selector["app"] = "other" }), []string{"IPv4 "}},
		{"no selector", service(func(s *corev1.Service) { s.Spec.Selector = nil }), nil},
		{"external name", service(func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeExternalName }), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			looptest.Run(t, endpointslice.Controller(), nil, func(t *testing.T, client *fake.Clientset) {
				if got := slicesOf(t, client); !slices.Equal(got, test.want) {
					t.Errorf("got %q, want %q", got, test.want)
				}
			}, test.service, node("na", "a"), node("nb", "b"), pod("a", "10.1.0.1", "na"), pod("b", "10.1.0.2", "nb"), pod("c", "fd00::3", "na"))
		})
	}
}

// TestManyEndpoints checks that a slice has at most 100 endpoints.
func TestManyEndpoints(t *testing.T) {
	objects := []runtime.Object{service(), node("n", "a")}
	for i := range 250 {
		objects = append(objects, pod(fmt.Sprint("p", i), fmt.Sprintf("10.1.0.%d", i), "n"))
	}
	looptest.Run(t, endpointslice.Controller(), nil, func(t *testing.T, client *fake.Clientset) {
		all := slicesOf(t, client)
		if got := strings.Count(strings.Join(all, " "), "@"); len(all) != 3 || got != 250 {
			t.Errorf("%d slices, %d endpoints", len(all), got)
		}
	}, objects...)
}

// TestRepair checks that the slices come back when a user changes or deletes them, and
// that slices of others are left alone.
func TestRepair(t *testing.T) {
	want := []string{"IPv4 10.1.0.1@a"}
	looptest.Run(t, endpointslice.Controller(), nil, func(t *testing.T, client *fake.Clientset) {
		api := client.DiscoveryV1().EndpointSlices("ns")
		expect := func(what string) {
			t.Helper()
			time.Sleep(time.Minute)
			if got := slicesOf(t, client); !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q", what, got, want)
			}
		}
		mine, err := api.Create(t.Context(), &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Name: "mine",
			Labels: map[string]string{discoveryv1.LabelServiceName: "web"}}, AddressType: discoveryv1.AddressTypeIPv4}, metav1.CreateOptions{})
		testutil.Check(t, err)
		expect("slice of another")
		list, err := api.List(t.Context(), metav1.ListOptions{LabelSelector: discoveryv1.LabelManagedBy})
		testutil.Check(t, err)
		changed := list.Items[0].DeepCopy()
		changed.Endpoints = nil
		_, err = api.Update(t.Context(), changed, metav1.UpdateOptions{})
		testutil.Check(t, err)
		expect("changed")
		testutil.Check(t, api.Delete(t.Context(), changed.Name, metav1.DeleteOptions{}))
		expect("deleted")
		claimed := mine.DeepCopy()
		claimed.Labels[discoveryv1.LabelManagedBy] = "endpointslice-controller.k8s.io"
		_, err = api.Update(t.Context(), claimed, metav1.UpdateOptions{})
		testutil.Check(t, err)
		expect("claimed")
		testutil.Check(t, client.CoreV1().Services("ns").Delete(t.Context(), "web", metav1.DeleteOptions{}))
		expect("deleted service: the slices are left to the garbage collector")
	}, service(), node("n", "a"), pod("a", "10.1.0.1", "n"))
}

// TestFailures checks the events, and that the controller tries again after 1 s, 2 s and
// so on.
func TestFailures(t *testing.T) {
	t.Run("no node", func(t *testing.T) {
		looptest.Run(t, endpointslice.Controller(), nil, func(t *testing.T, client *fake.Clientset) {
			looptest.ExpectEvent(t, client, "ns", "endpoint-slice-controller", "FailedToUpdateEndpointSlices "+
				"Error updating Endpoint Slices for Service ns/web: skipping Pod b for Service ns/web: Node gone Not Found")
			if got := slicesOf(t, client); !slices.Equal(got, []string{"IPv4 10.1.0.1@a"}) {
				t.Errorf("got %q", got)
			}
		}, service(), node("n", "a"), pod("a", "10.1.0.1", "n"), pod("b", "10.1.0.2", "gone"))
	})
	t.Run("refused", func(t *testing.T) {
		var attempts atomic.Int32
		change := func(client *fake.Clientset) {
			looptest.React(client, "create", "endpointslices", func(clienttesting.Action) (bool, runtime.Object, error) {
				return attempts.Add(1) < 4, nil, errors.New("not today")
			})
		}
		looptest.Run(t, endpointslice.Controller(), nil, func(t *testing.T, client *fake.Clientset) {
			change(client)
			_, err := client.CoreV1().Services("ns").Create(t.Context(), service(), metav1.CreateOptions{})
			testutil.Check(t, err)
			for _, wait := range []time.Duration{0, time.Second, 2 * time.Second, 4 * time.Second} {
				time.Sleep(wait)
				synctest.Wait()
				if want := map[time.Duration]int{0: 1, time.Second: 2, 2 * time.Second: 3, 4 * time.Second: 4}[wait]; attempts.Load() != int32(want) {
					t.Errorf("%d attempts after another %v, want %d", attempts.Load(), wait, want)
				}
			}
			if got := slicesOf(t, client); !slices.Equal(got, []string{"IPv4 "}) {
				t.Errorf("got %q", got)
			}
		})
	})
}
