package bootstrap_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
	"k8s.io/client-go/dynamic"

	"github.com/gatehouse-k8s/gatehouse/pkg/server/bootstrap"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

var update = flag.Bool("update", false, "write seed.json anew")

// TestSeed compares the seed with the objects that a server without it creates by
// requests, which is what a server does that audits them. -update writes the seed.
func TestSeed(t *testing.T) {
	created := listed(t, testserver.Options{Controllers: []string{}, Audit: func(*auditv1.Event) {}})
	if *update {
		if err := os.WriteFile("seed.json", encoded(t, created), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile("seed.json")
	if err != nil {
		t.Fatal(err)
	}
	if got := encoded(t, created); !bytes.Equal(got, want) {
		t.Errorf("the hooks create other objects than the seed has: see the difference after go test -run TestSeed ./pkg/server/bootstrap -update\n%s", got)
	}
	seeded := listed(t, testserver.Options{Controllers: []string{}})
	if got := encoded(t, seeded); !bytes.Equal(got, want) {
		t.Errorf("objects of a new server:\n%s\nwant\n%s", got, want)
	}
}

// listed returns the objects of a new server of which the seed has some, by resource.
func listed(t *testing.T, o testserver.Options) map[string][]*unstructured.Unstructured {
	t.Helper()
	client := dynamic.NewForConfigOrDie(testserver.Start(t, o).Config)
	all := map[string][]*unstructured.Unstructured{}
	uids := map[string]bool{}
	for _, resource := range bootstrap.SeededResources() {
		list := complete(t, client, resource)
		for i := range list {
			object := &list[i]
			if uid := string(object.GetUID()); uid == "" || uids[uid] {
				t.Errorf("%s %s: UID %q", resource.Resource, object.GetName(), uid)
			}
			uids[string(object.GetUID())] = true
			if object.GetCreationTimestamp() == (metav1.Time{}) || object.GetResourceVersion() == "" {
				t.Errorf("%s %s: %v", resource.Resource, object.GetName(), object.Object["metadata"])
			}
			all[resource.Resource] = append(all[resource.Resource], timeless(object))
		}
	}
	return all
}

// complete lists the objects of a resource when their conditions have been set, which happens
// after the start.
func complete(t *testing.T, client dynamic.Interface, resource schema.GroupVersionResource) []unstructured.Unstructured {
	t.Helper()
	for range 200 {
		list, err := client.Resource(resource).List(context.Background(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		conditioned := 0
		for _, object := range list.Items {
			if _, found, _ := unstructured.NestedSlice(object.Object, "status", "conditions"); found {
				conditioned++
			}
		}
		needs := resource.Resource == "flowschemas" || resource.Resource == "apiservices"
		if !needs || conditioned == len(list.Items) {
			return list.Items
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s without conditions", resource.Resource)
	return nil
}

// timeless removes what is different in each cluster.
func timeless(object *unstructured.Unstructured) *unstructured.Unstructured {
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
		_ = unstructured.SetNestedSlice(object.Object, conditions, "status", "conditions") // fails only for values that are no JSON
	}
	return object
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
