package bootstrap_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/bootstrap"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

var update = flag.Bool("update", false, "write seed.json anew")

// TestSeed compares the seed with the objects that a server without it creates by
// requests, which is what a server does that audits them. -update writes the seed.
func TestSeed(t *testing.T) {
	flags := []string{"--advertise-address=192.0.2.1"}
	client := dynamic.NewForConfigOrDie(testserver.Start(t, testserver.Options{Flags: flags, Audit: func(*auditv1.Event) {}}).Config)
	if *update {
		time.Sleep(5 * time.Second) // the controllers need less
		if err := os.WriteFile("seed.json", encoded(t, listed(t, client)), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile("seed.json")
	if err != nil {
		t.Fatal(err)
	}
	var created []byte
	for range 100 {
		if created = encoded(t, listed(t, client)); bytes.Equal(created, want) {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if !bytes.Equal(created, want) {
		t.Errorf("other objects are created than the seed has: git diff shows them after go test -run TestSeed ./pkg/server/bootstrap -update\n%s", created)
	}
	t.Run("new server", func(t *testing.T) { testSeeded(t, want, flags) })
	t.Run("no controllers", func(t *testing.T) { testUncontrolled(t, flags) })
}

// testSeeded shows that a new server has the objects at once, and that neither the hooks
// nor the controllers find anything to correct in them.
func testSeeded(t *testing.T, want []byte, flags []string) {
	client := dynamic.NewForConfigOrDie(testserver.Start(t, testserver.Options{Flags: flags}).Config)
	if got := encoded(t, listed(t, client)); !bytes.Equal(got, want) {
		t.Errorf("objects of a new server:\n%s\nwant\n%s", got, want)
	}
	leases := client.Resource(coordinationv1.SchemeGroupVersion.WithResource("leases")).Namespace(metav1.NamespaceSystem)
	for range 20 { // until the last hook has done its work, and a while longer
		if list, err := leases.List(t.Context(), metav1.ListOptions{}); err == nil && len(list.Items) > 0 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	time.Sleep(500 * time.Millisecond)
	uids := map[types.UID]bool{}
	for _, resource := range bootstrap.SeededResources() {
		list, err := client.Resource(resource).List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range list.Items {
			revision, _ := strconv.Atoi(object.GetResourceVersion())
			created := object.GetCreationTimestamp()
			if revision < 2 || revision > 3 || created.IsZero() || object.GetUID() == "" || uids[object.GetUID()] {
				t.Errorf("%s %s was changed, or is not complete: %v", resource.Resource, object.GetName(), object.Object)
			}
			uids[object.GetUID()] = true
		}
	}
}

// testUncontrolled shows that objects of controllers that do not run are left out.
func testUncontrolled(t *testing.T, flags []string) {
	client := kubernetes.NewForConfigOrDie(testserver.Start(t, testserver.Options{Flags: flags, Controllers: []string{}}).Config)
	accounts, err := client.CoreV1().ServiceAccounts("").List(t.Context(), metav1.ListOptions{})
	if err != nil || len(accounts.Items) != 0 {
		t.Errorf("service accounts: %v, %v", accounts, err)
	}
	admin, err := client.RbacV1().ClusterRoles().Get(t.Context(), "admin", metav1.GetOptions{})
	if err != nil || len(admin.Rules) != 0 || len(admin.ManagedFields) != 1 {
		t.Errorf("admin: %v, %v", admin, err)
	}
	if _, err := client.CoreV1().ConfigMaps("default").Get(t.Context(), "kube-root-ca.crt", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("kube-root-ca.crt: %v", err)
	}
}

// listed returns the objects of which the seed has some, by resource.
func listed(t *testing.T, client dynamic.Interface) map[string][]*unstructured.Unstructured {
	t.Helper()
	all := map[string][]*unstructured.Unstructured{}
	for _, resource := range bootstrap.SeededResources() {
		list, err := client.Resource(resource).List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range list.Items {
			all[resource.Resource] = append(all[resource.Resource], general(t, &list.Items[i]))
		}
	}
	return all
}

// general removes what is different in each cluster.
func general(t *testing.T, object *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	for _, field := range []string{"uid", "resourceVersion", "creationTimestamp"} {
		unstructured.RemoveNestedField(object.Object, "metadata", field)
	}
	managers := object.GetManagedFields()
	for i := range managers {
		managers[i].Time = nil
	}
	object.SetManagedFields(managers)
	conditions, found, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	for _, condition := range conditions {
		delete(condition.(map[string]any), "lastTransitionTime")
	}
	if found {
		testutil.Check(t, unstructured.SetNestedSlice(object.Object, conditions, "status", "conditions"))
	}
	switch object.GetKind() {
	case "ConfigMap":
		data := object.Object["data"].(map[string]any)
		for key := range data {
			data[key] = ""
		}
	case "ClusterTrustBundle":
		object.SetName("kubernetes.io:kube-apiserver-serving:")
		testutil.Check(t, unstructured.SetNestedField(object.Object, "", "spec", "trustBundle"))
	case "Service":
		withPort(t, object, "targetPort", "spec", "ports")
	case "Endpoints":
		subset := object.Object["subsets"].([]any)[0].(map[string]any)
		withPort(t, &unstructured.Unstructured{Object: subset}, "port", "ports")
	case "EndpointSlice":
		withPort(t, object, "port", "ports")
	}
	return object
}

// withPort replaces the port of the server in the first of a list of ports.
func withPort(t *testing.T, object *unstructured.Unstructured, field string, path ...string) {
	t.Helper()
	ports, _, err := unstructured.NestedSlice(object.Object, path...)
	testutil.Check(t, err)
	ports[0].(map[string]any)[field] = int64(1)
	testutil.Check(t, unstructured.SetNestedSlice(object.Object, ports, path...))
}

// encoded is the form of seed.json: an object a line.
func encoded(t *testing.T, all map[string][]*unstructured.Unstructured) []byte {
	t.Helper()
	var out bytes.Buffer
	for i, resource := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&out, "%s\n%q: [\n", map[bool]string{true: "{", false: ","}[i == 0], resource)
		for i, object := range all[resource] {
			line, err := json.Marshal(object.Object)
			if err != nil {
				t.Fatal(err)
			}
			if i > 0 {
				out.WriteString(",\n")
			}
			out.Write(line)
		}
		out.WriteString("\n]")
	}
	out.WriteString("\n}\n")
	return out.Bytes()
}
