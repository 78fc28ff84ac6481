package bootstrap

import (
	"errors"
	"net/netip"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// TestKubernetesServiceIsCorrectedOnce checks that the keeper restores the
// ports of the service in its first run, also when that fails at first, and
// keeps what an administrator changes later.
func TestKubernetesServiceIsCorrectedOnce(t *testing.T) {
	stale := corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: kubernetesName},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP, Ports: []corev1.ServicePort{{Port: 1}}},
	}
	client := fake.NewClientset(&stale)
	failing := true
	client.PrependReactor("update", "services", func(clienttesting.Action) (bool, runtime.Object, error) {
		return failing, nil, errors.New("etcd is slow")
	})
	k := &kubernetesKeeper{client: client, objects: needsOf(client).Objects, endpoints: &endpoints{},
		Services: Services{Ranges: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24")}, Port: 6443}}
	api := client.CoreV1().Services(metav1.NamespaceDefault)
	port := func() int32 {
		s, err := api.Get(t.Context(), kubernetesName, metav1.GetOptions{})
		testutil.Check(t, err)
		return s.Spec.Ports[0].Port
	}

	if err := k.reconcile(t.Context()); err == nil || port() != 1 {
		t.Fatalf("first run: %v, port %d", err, port())
	}
	failing = false
	if err := k.reconcile(t.Context()); err != nil || port() != 443 {
		t.Fatalf("second run: %v, port %d", err, port())
	}
	changed := stale.DeepCopy()
	changed.Spec.Ports[0].Port = 8443
	_, err := api.Update(t.Context(), changed, metav1.UpdateOptions{})
	testutil.Check(t, err)
	if err := k.reconcile(t.Context()); err != nil || port() != 8443 {
		t.Errorf("after a change by the administrator: %v, port %d", err, port())
	}
}
