package endpointslicemirroring_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/endpointslicemirroring"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/shared/looptest"
)

func service(selector map[string]string) *corev1.Service {
	return &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "db", Labels: map[string]string{"s": "1"}},
		Spec: corev1.ServiceSpec{Selector: selector}}
}

func endpoints(subsets ...corev1.EndpointSubset) *corev1.Endpoints {
	return &corev1.Endpoints{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "db", UID: "e", Labels: map[string]string{"l": "1"},
		Annotations: map[string]string{"a": "1"}}, Subsets: subsets}
}

// subset returns a subset with a port; an address that ends with "!" is not ready.
func subset(port int32, ips ...string) corev1.EndpointSubset {
	s := corev1.EndpointSubset{Ports: []corev1.EndpointPort{{Port: port, Protocol: corev1.ProtocolTCP}}}
	for _, ip := range ips {
		if name, unready := strings.CutSuffix(ip, "!"); unready {
			s.NotReadyAddresses = append(s.NotReadyAddresses, corev1.EndpointAddress{IP: name})
		} else {
			s.Addresses = append(s.Addresses, corev1.EndpointAddress{IP: ip})
		}
	}
	return s
}

// slicesOf returns the slices in short: the family, the port and the addresses.
func slicesOf(t *testing.T, client *fake.Clientset) (all []string) {
	t.Helper()
	synctest.Wait()
	list, err := client.DiscoveryV1().EndpointSlices("ns").List(t.Context(), metav1.ListOptions{})
	testutil.Check(t, err)
	for _, s := range list.Items {
		text := string(s.AddressType)
		for _, p := range s.Ports {
			text += fmt.Sprint(" ", *p.Port)
		}
		for _, e := range s.Endpoints {
			text += " " + e.Addresses[0]
			if !*e.Conditions.Ready {
				text += "!"
			}
		}
		all = append(all, text)
	}
	slices.Sort(all)
	return all
}

func TestSlices(t *testing.T) {
	marked := func(change func(*corev1.Endpoints)) *corev1.Endpoints {
		e := endpoints(subset(1, "10.1.0.1"))
		change(e)
		return e
	}
	noPort := subset(1, "10.1.0.1")
	noPort.Ports = nil
	for _, test := range []struct {
		name      string
		service   *corev1.Service
		endpoints *corev1.Endpoints
		want      []string
	}{
		{"no subsets", service(nil), endpoints(), nil},
		{"addresses", service(nil), endpoints(subset(1, "10.1.0.2", "10.1.0.1", "10.1.0.3!")), []string{"IPv4 1 10.1.0.1 10.1.0.2 10.1.0.3!"}},
		{"two ports", service(nil), endpoints(subset(1, "10.1.0.1"), subset(2, "10.1.0.1!")), []string{"IPv4 1 10.1.0.1", "IPv4 2 10.1.0.1!"}},
		{"two families", service(nil), endpoints(subset(1, "10.1.0.1", "fd00::1")), []string{"IPv4 1 10.1.0.1", "IPv6 1 fd00::1"}},
		{"subsets with the same port", service(nil), endpoints(subset(1, "10.1.0.1"), subset(1, "10.1.0.1", "10.1.0.2")), []string{"IPv4 1 10.1.0.1 10.1.0.2"}},
		{"no port", service(nil), endpoints(noPort), []string{"IPv4 10.1.0.1"}},
		{"a selector", service(map[string]string{"a": "b"}), endpoints(subset(1, "10.1.0.1")), nil},
		{"skipped", service(nil), marked(func(e *corev1.Endpoints) { e.Labels[discoveryv1.LabelSkipMirror] = "true" }), nil},
		{"not skipped", service(nil), marked(func(e *corev1.Endpoints) { e.Labels[discoveryv1.LabelSkipMirror] = "false" }), []string{"IPv4 1 10.1.0.1"}},
		{"leader election", service(nil), marked(func(e *corev1.Endpoints) { e.Annotations["control-plane.alpha.kubernetes.io/leader"] = "" }), nil},
		{"another service", &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "x"}}, endpoints(subset(1, "10.1.0.1")), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			looptest.Run(t, endpointslicemirroring.Controller(), nil, func(t *testing.T, client *fake.Clientset) {
				if got := slicesOf(t, client); !slices.Equal(got, test.want) {
					t.Errorf("got %q, want %q", got, test.want)
				}
			}, test.service, test.endpoints)
		})
	}
}

// TestMetadata checks that labels and annotations are those of the Endpoints.
func TestMetadata(t *testing.T) {
	e := endpoints(subset(1, "10.1.0.1"))
	maps.Copy(e.Labels, map[string]string{discoveryv1.LabelManagedBy: "me", discoveryv1.LabelServiceName: "x"})
	maps.Copy(e.Annotations, map[string]string{corev1.EndpointsLastChangeTriggerTime: "t", corev1.LastAppliedConfigAnnotation: "c"})
	looptest.Run(t, endpointslicemirroring.Controller(), nil, func(t *testing.T, client *fake.Clientset) {
		list, err := client.DiscoveryV1().EndpointSlices("ns").List(t.Context(), metav1.ListOptions{})
		testutil.Check(t, err)
		s := list.Items[0]
		labels := map[string]string{"l": "1", discoveryv1.LabelServiceName: "db", discoveryv1.LabelManagedBy: "endpointslicemirroring-controller.k8s.io"}
		if !maps.Equal(s.Labels, labels) || !maps.Equal(s.Annotations, map[string]string{"a": "1"}) || s.GenerateName != "db-" {
			t.Errorf("metadata %v", s.ObjectMeta)
		}
		if owner := metav1.GetControllerOf(&s); owner == nil || owner.Kind != "Endpoints" || owner.UID != "e" {
			t.Errorf("owner %v", owner)
		}
	}, service(nil), e)
}

// TestTooMany checks that 1,000 addresses of a subset are copied, ready ones first.
func TestTooMany(t *testing.T) {
	s := subset(1, "10.2.0.1!", "10.2.0.2!")
	for i := range 999 {
		s.Addresses = append(s.Addresses, corev1.EndpointAddress{IP: fmt.Sprintf("10.1.%d.%d", i/250, i%250)})
	}
	looptest.Run(t, endpointslicemirroring.Controller(), nil, func(t *testing.T, client *fake.Clientset) {
		looptest.ExpectEvent(t, client, "ns", "endpoint-slice-mirroring-controller",
			"TooManyAddressesToMirror A max of 1000 addresses can be mirrored to EndpointSlices per Endpoints subset. 1 addresses were skipped")
		if got := strings.Fields(slicesOf(t, client)[0]); len(got) != 1002 || got[1001] != "10.2.0.1!" {
			t.Errorf("%d addresses, the last is %s", len(got)-2, got[len(got)-1])
		}
	}, service(nil), endpoints(s))
}

// TestChanges follows Endpoints through their life. Slices are used again.
func TestChanges(t *testing.T) {
	looptest.Run(t, endpointslicemirroring.Controller(), nil, func(t *testing.T, client *fake.Clientset) {
		api := client.DiscoveryV1().EndpointSlices("ns")
		expect := func(what string, want ...string) {
			t.Helper()
			time.Sleep(time.Minute)
			if got := slicesOf(t, client); !slices.Equal(got, want) {
				t.Errorf("%s: %q, want %q", what, got, want)
			}
		}
		update := func(subsets ...corev1.EndpointSubset) {
			t.Helper()
			_, err := client.CoreV1().Endpoints("ns").Update(t.Context(), endpoints(subsets...), metav1.UpdateOptions{})
			testutil.Check(t, err)
		}
		name := func() string {
			list, err := api.List(t.Context(), metav1.ListOptions{})
			testutil.Check(t, err)
			return list.Items[0].Name
		}
		expect("at first", "IPv4 1 10.1.0.1")
		first := name()
		update(subset(1, "10.1.0.1", "10.1.0.2"))
		expect("another address", "IPv4 1 10.1.0.1 10.1.0.2")
		update(subset(2, "10.1.0.2"))
		expect("another port", "IPv4 2 10.1.0.2")
		if name() != first {
			t.Error("the slice was not used again")
		}
		changed, err := api.Get(t.Context(), first, metav1.GetOptions{})
		testutil.Check(t, err)
		changed.Endpoints = nil
		_, err = api.Update(t.Context(), changed, metav1.UpdateOptions{})
		testutil.Check(t, err)
		expect("changed by a user", "IPv4 2 10.1.0.2")
		testutil.Check(t, api.Delete(t.Context(), first, metav1.DeleteOptions{}))
		expect("deleted by a user", "IPv4 2 10.1.0.2")
		update(subset(2, "fd00::1"))
		expect("another family", "IPv6 2 fd00::1")
		_, err = client.CoreV1().Services("ns").Update(t.Context(), service(map[string]string{"a": "b"}), metav1.UpdateOptions{})
		testutil.Check(t, err)
		expect("a selector")
		_, err = client.CoreV1().Services("ns").Update(t.Context(), service(nil), metav1.UpdateOptions{})
		testutil.Check(t, err)
		expect("no selector", "IPv6 2 fd00::1")
		testutil.Check(t, client.CoreV1().Endpoints("ns").Delete(t.Context(), "db", metav1.DeleteOptions{}))
		expect("no Endpoints")
	}, service(nil), endpoints(subset(1, "10.1.0.1")))
}
