package aggregator_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"k8s.io/kube-aggregator/pkg/controllers/autoregister"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

const widgets = `{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"widgets.w.example.com"},
	"spec":{"group":"w.example.com","scope":"Namespaced","names":{"plural":"widgets","singular":"widget","kind":"Widget"},
	"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object"}}}]}}`

const definitionsPath = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"

// groupNames returns the names of the groups in /apis.
func groupNames(t testing.TB, s *testserver.Server) (names []string) {
	t.Helper()
	var list metav1.APIGroupList
	testutil.Check(t, json.Unmarshal([]byte(do(t, client(t, s.Config), http.MethodGet, s.URL+"/apis", nil, nil).body), &list))
	for _, group := range list.Groups {
		names = append(names, group.Name)
	}
	return names
}

func TestLocalGroupsAreRegistered(t *testing.T) {
	s := testserver.Start(t)
	list, err := apiServices(t, s.Config).List(t.Context(), metav1.ListOptions{LabelSelector: autoregister.AutoRegisterManagedLabel + "=onstart"})
	testutil.Check(t, err)
	if len(list.Items) < 8 {
		t.Errorf("there are %d APIServices", len(list.Items))
	}
	for _, service := range list.Items {
		if len(service.Status.Conditions) != 1 || service.Status.Conditions[0].Reason != "Local" || service.Spec.Service != nil {
			t.Errorf("%+v", service)
		}
	}
	last := int32(20001)
	for _, name := range groupNames(t, s) {
		priority := int32(20001)
		for _, service := range list.Items {
			if service.Spec.Group == name {
				priority = service.Spec.GroupPriorityMinimum
			}
		}
		if priority > last {
			t.Errorf("%s comes too late", name)
		}
		last = priority
	}
}

// TestCustomResourcesAreRegistered follows a group of custom resources: its
// definition is created, the server restarts, and the definition is deleted.
func TestCustomResourcesAreRegistered(t *testing.T) {
	dir := t.TempDir()
	start := func() *testserver.Server {
		t.Helper()
		s, err := testserver.New(t.Context(), testserver.Options{DataDir: dir})
		testutil.Check(t, err)
		t.Cleanup(func() { _ = s.Stop() })
		return s
	}
	s := start()
	got := do(t, client(t, s.Config), http.MethodPost, s.URL+definitionsPath, strings.NewReader(widgets), http.Header{"Content-Type": {"application/json"}})
	if got.code != http.StatusCreated {
		t.Fatalf("%d %s", got.code, got.body)
	}
	var service *apiregistrationv1.APIService
	eventually(t, "the group is registered", func() (ok bool) {
		var err error
		service, err = apiServices(t, s.Config).Get(t.Context(), "v1.w.example.com", metav1.GetOptions{})
		return err == nil
	})
	if service.Labels[autoregister.AutoRegisterManagedLabel] != "true" || service.Spec.GroupPriorityMinimum != 1000 || service.Spec.VersionPriority != 100 {
		t.Errorf("%+v", service)
	}
	names := groupNames(t, s)
	if last := names[len(names)-1]; last != "w.example.com" {
		t.Errorf("the last group is %s", last)
	}

	testutil.Check(t, s.Stop())
	s = start()
	again, err := apiServices(t, s.Config).Get(t.Context(), service.Name, metav1.GetOptions{})
	testutil.Check(t, err)
	if again.UID != service.UID {
		t.Error("a restart has made the APIService anew")
	}
	do(t, client(t, s.Config), http.MethodDelete, s.URL+definitionsPath+"/widgets.w.example.com", nil, nil)
	eventually(t, "the APIService is gone", func() bool {
		got := do(t, client(t, s.Config), http.MethodGet, s.URL+"/apis/apiregistration.k8s.io/v1/apiservices/v1.w.example.com", nil, nil)
		return got.code == http.StatusNotFound
	})
}
