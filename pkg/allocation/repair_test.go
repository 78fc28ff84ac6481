package allocation

import (
	"maps"
	"net/netip"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
)

func withIP(name, ip string) *corev1.Service {
	return &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: name}, Spec: corev1.ServiceSpec{ClusterIP: ip, ClusterIPs: []string{ip}}}
}

// TestRepairAddresses checks that missing objects are created and unused ones
// are deleted, but not immediately, and not if another component manages them.
func TestRepairAddresses(t *testing.T) {
	now := time.Now()
	object := func(ip string, service *corev1.Service, age time.Duration) networkingv1.IPAddress {
		o := ObjectFor(netip.MustParseAddr(ip), service)
		o.CreationTimestamp = metav1.NewTime(now.Add(-age))
		return *o
	}
	known, lacking, headless := withIP("known", "10.0.0.1"), withIP("lacking", "10.0.0.2"), withIP("headless", "None")
	foreign := object("10.0.0.9", known, time.Hour)
	foreign.Labels = nil
	stored := []networkingv1.IPAddress{
		object("10.0.0.1", known, time.Hour),
		object("10.0.0.3", withIP("gone", "10.0.0.3"), 2*leakAge),
		object("10.0.0.4", withIP("young", "10.0.0.4"), time.Second),
		foreign,
	}
	client := fake.NewClientset(known, lacking, headless, &stored[0], &stored[1], &stored[2], &stored[3])
	created := &fakeObjects{all: map[string]*networkingv1.IPAddress{}}
	addresses := newAllocator(created, "10.0.0.0/24")
	repair := NewRepair(&Services{Addresses: addresses}, client, nil)
	if err := repair.addresses(t.Context(), stored, []corev1.Service{*known, *lacking, *headless}); err != nil {
		t.Fatal(err)
	}
	if got := slices.Collect(maps.Keys(created.all)); len(got) != 1 || !belongsTo(created.all["10.0.0.2"], lacking) {
		t.Errorf("created: %v", got)
	}
	left, err := client.NetworkingV1().IPAddresses().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, ip := range left.Items {
		names = append(names, ip.Name)
	}
	if want := []string{"10.0.0.1", "10.0.0.4", "10.0.0.9"}; !slices.Equal(names, want) {
		t.Errorf("left: %v, want %v", names, want)
	}
	if len(addresses.used) != 4 {
		t.Errorf("used: %v", addresses.used)
	}
}
