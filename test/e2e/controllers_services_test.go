package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/endpoints"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/endpointslice"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/endpointslicemirroring"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// controllersOnly returns flags with which a server runs only these controllers.
func controllersOnly(names ...string) []string {
	return []string{"--controllers=" + strings.Join(names, ","), "--disable-admission-plugins=ServiceAccount"}
}

// running creates a pod of a node with a label app, and sets its address and whether it
// is ready.
func running(t testing.TB, c kubernetes.Interface, app, name, ip string, ready bool) {
	t.Helper()
	p := pod(name)
	p.Labels, p.Spec.NodeName = map[string]string{"app": app}, "node"
	_, err := c.CoreV1().Pods("default").Create(t.Context(), p, metav1.CreateOptions{})
	testutil.Check(t, err)
	setReady(t, c, name, ip, ready)
}

func setReady(t testing.TB, c kubernetes.Interface, name, ip string, ready bool) {
	t.Helper()
	status := corev1.ConditionFalse
	if ready {
		status = corev1.ConditionTrue
	}
	patch := fmt.Sprintf(`{"status":{"phase":"Running","podIPs":[{"ip":%q}],"podIP":%q,"conditions":[{"type":"Ready","status":%q}]}}`, ip, ip, status)
	_, err := c.CoreV1().Pods("default").Patch(t.Context(), name, types.MergePatchType, []byte(patch), metav1.PatchOptions{}, "status")
	testutil.Check(t, err)
}

// endpointAddresses returns the addresses of Endpoints; those that are not ready have a
// "!".
func endpointAddresses(t testing.TB, c kubernetes.Interface, name string) string {
	e, err := c.CoreV1().Endpoints("default").Get(t.Context(), name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return "none"
	}
	testutil.Check(t, err)
	var all []string
	for _, s := range e.Subsets {
		for _, a := range s.Addresses {
			all = append(all, a.IP)
		}
		for _, a := range s.NotReadyAddresses {
			all = append(all, a.IP+"!")
		}
	}
	return strings.Join(all, " ")
}

// sliceAddresses returns the addresses of the slices of a service in the same way.
func sliceAddresses(t testing.TB, c kubernetes.Interface, name string) string {
	list, err := c.DiscoveryV1().EndpointSlices("default").List(t.Context(), metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=" + name})
	testutil.Check(t, err)
	if len(list.Items) == 0 {
		return "none"
	}
	var all []string
	for _, s := range list.Items {
		for _, e := range s.Endpoints {
			address := e.Addresses[0]
			if !*e.Conditions.Ready {
				address += "!"
			}
			all = append(all, address)
		}
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// TestControllersServices follows the endpoints and slices of a service.
func TestControllersServices(t *testing.T) {
	t.Parallel()
	c := kubernetes.NewForConfigOrDie(testserver.Start(t, testserver.Options{Flags: controllersOnly(endpoints.Name, endpointslice.Name)}).Config)
	_, err := c.CoreV1().Nodes().Create(t.Context(), &corev1.Node{ObjectMeta: named("node")}, metav1.CreateOptions{})
	testutil.Check(t, err)
	service := &corev1.Service{ObjectMeta: named("web"), Spec: corev1.ServiceSpec{
		Selector: map[string]string{"app": "web"}, Ports: []corev1.ServicePort{{Port: 80}}}}
	_, err = c.CoreV1().Services("default").Create(t.Context(), service, metav1.CreateOptions{})
	testutil.Check(t, err)
	expect := func(what, endpoints, slices string) {
		t.Helper()
		eventually(t, what, func() bool {
			return endpointAddresses(t, c, "web") == endpoints && sliceAddresses(t, c, "web") == slices
		})
	}
	expect("a new service", "", "")
	running(t, c, "web", "a", "10.1.0.1", true)
	running(t, c, "web", "b", "10.1.0.2", false)
	running(t, c, "other", "c", "10.1.0.3", true)
	expect("pods", "10.1.0.1 10.1.0.2!", "10.1.0.1 10.1.0.2!")
	setReady(t, c, "b", "10.1.0.2", true)
	expect("ready pods", "10.1.0.1 10.1.0.2", "10.1.0.1 10.1.0.2")
	testutil.Check(t, c.CoreV1().Pods("default").Delete(t.Context(), "a", metav1.DeleteOptions{}))
	expect("a pod terminates", "10.1.0.2", "10.1.0.1! 10.1.0.2")
	testutil.Check(t, c.DiscoveryV1().EndpointSlices("default").DeleteCollection(t.Context(), metav1.DeleteOptions{},
		metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=web"}))
	testutil.Check(t, c.CoreV1().Endpoints("default").Delete(t.Context(), "web", metav1.DeleteOptions{}))
	expect("what a user deletes comes back", "10.1.0.2", "10.1.0.1! 10.1.0.2")
	testutil.Check(t, c.CoreV1().Services("default").Delete(t.Context(), "web", metav1.DeleteOptions{}))
	expect("the slices are left to the garbage collector", "none", "10.1.0.1! 10.1.0.2")
}

// TestControllersMirroring follows the slices of Endpoints that a user writes.
func TestControllersMirroring(t *testing.T) {
	t.Parallel()
	c := kubernetes.NewForConfigOrDie(testserver.Start(t, testserver.Options{Flags: controllersOnly(endpointslicemirroring.Name)}).Config)
	expect := func(what, slices string) {
		t.Helper()
		eventually(t, what, func() bool { return sliceAddresses(t, c, "db") == slices })
	}
	written := &corev1.Endpoints{ObjectMeta: named("db"), Subsets: []corev1.EndpointSubset{{
		Addresses: []corev1.EndpointAddress{{IP: "10.1.0.1"}}, NotReadyAddresses: []corev1.EndpointAddress{{IP: "10.1.0.2"}},
		Ports: []corev1.EndpointPort{{Port: 1}}}}}
	_, err := c.CoreV1().Services("default").Create(t.Context(),
		&corev1.Service{ObjectMeta: named("db"), Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}}}, metav1.CreateOptions{})
	testutil.Check(t, err)
	_, err = c.CoreV1().Endpoints("default").Create(t.Context(), written, metav1.CreateOptions{})
	testutil.Check(t, err)
	expect("endpoints", "10.1.0.1 10.1.0.2!")
	written.Subsets[0].NotReadyAddresses = []corev1.EndpointAddress{{IP: "fd00::1"}}
	_, err = c.CoreV1().Endpoints("default").Update(t.Context(), written, metav1.UpdateOptions{})
	testutil.Check(t, err)
	expect("another family", "10.1.0.1 fd00::1!")
	selector := func(patch string) {
		t.Helper()
		_, err = c.CoreV1().Services("default").Patch(t.Context(), "db", types.MergePatchType, []byte(patch), metav1.PatchOptions{})
		testutil.Check(t, err)
	}
	selector(`{"spec":{"selector":{"a":"b"}}}`)
	expect("a selector", "none")
	selector(`{"spec":{"selector":null}}`)
	expect("no selector", "10.1.0.1 fd00::1!")
	testutil.Check(t, c.CoreV1().Services("default").Delete(t.Context(), "db", metav1.DeleteOptions{}))
	expect("no service", "none")
}
