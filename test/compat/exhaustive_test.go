package compat_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apidiscoveryv2 "k8s.io/api/apidiscovery/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	restclient "k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/groups"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
	"github.com/gatehouse-k8s/gatehouse/test/compat"
)

const (
	discoveryType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
	tableType     = "application/json;g=meta.k8s.io;v=v1;as=Table"
)

// notServed are subresources that kube-apiserver has and this server does not
// have yet.
var notServed = map[string]bool{}

// undescribed are the columns, by path, that have no description from
// kube-apiserver either.
var undescribed = map[string]string{"apis/node.k8s.io/v1/runtimeclasses": "Handler"}

// TestExhaustive walks all resources that the server serves. Each is in
// discovery as kube-apiserver's, with its columns, its place in etcd and
// recorded cases with a floor.
func TestExhaustive(t *testing.T) {
	s := testserver.Start(t, "--emulated-version=1.36")
	want := readDiscovery(t)
	var columns map[string][]metav1.TableColumnDefinition
	decodeFile(t, "testdata/table-columns.json", &columns)
	prefixes := readPrefixes(t)
	floors, err := compat.ReadFloors(floorsFile)
	testutil.Check(t, err)

	served := map[string]apidiscoveryv2.APIResourceDiscovery{}
	for _, prefix := range []string{"/api", "/apis"} {
		var list apidiscoveryv2.APIGroupDiscoveryList
		get(t, s.Config, prefix, discoveryType, &list)
		addResources(served, list)
	}
	if len(served) < 15 {
		t.Errorf("the server serves %d resources", len(served))
	}
	for name, resource := range served {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(withoutMissing(want[name]), resource); diff != "" {
				t.Errorf("discovery (-kube-apiserver +this server):\n%s", diff)
			}
			if floor := floorName(name); floors[floor] == (compat.Floor{}) {
				t.Errorf("%s has no recorded case with a floor", floor)
			}
			if hasVerb(resource, "list") {
				checkColumns(t, s.Config, name, columns[name])
			}
		})
	}
	for _, group := range groups.All(groups.Needs{}) {
		for _, definition := range group.Resources {
			info := definition.Info()
			for _, gv := range info.Versions {
				gvr := gv.WithResource(info.GVR.Resource)
				name := path.Join("apis", gvr.Group, gvr.Version, gvr.Resource)
				if gvr.Group == "" {
					name = path.Join("api", gvr.Version, gvr.Resource)
				}
				if kind := served[name].ResponseKind; kind != nil && hasVerb(served[name], "list") && prefixes[kind.Kind] != info.Prefix {
					t.Errorf("%s is stored below %q, by kube-apiserver below %q", name, info.Prefix, prefixes[kind.Kind])
				}
			}
		}
	}
}

// checkColumns compares the columns of a table with the recorded ones: their
// names, types, formats and priorities.
func checkColumns(t *testing.T, config *restclient.Config, name string, want []metav1.TableColumnDefinition) {
	t.Helper()
	var table metav1.Table
	get(t, config, "/"+name+"?limit=1", tableType, &table)
	for i := range table.ColumnDefinitions {
		if c := table.ColumnDefinitions[i]; c.Description == "" && undescribed[name] != c.Name {
			t.Errorf("the column %s has no description", c.Name)
		}
		table.ColumnDefinitions[i].Description = ""
	}
	if diff := cmp.Diff(want, table.ColumnDefinitions); diff != "" {
		t.Errorf("columns (-kube-apiserver +this server):\n%s", diff)
	}
}

func hasVerb(r apidiscoveryv2.APIResourceDiscovery, verb string) bool {
	for _, v := range r.Verbs {
		if v == verb {
			return true
		}
	}
	return false
}

// withoutMissing drops the subresources that are not served yet.
func withoutMissing(r apidiscoveryv2.APIResourceDiscovery) apidiscoveryv2.APIResourceDiscovery {
	var kept []apidiscoveryv2.APISubresourceDiscovery
	for _, sub := range r.Subresources {
		if !notServed[r.Resource+"/"+sub.Subresource] {
			kept = append(kept, sub)
		}
	}
	r.Subresources = kept
	return r
}

// floorName is the name of a resource in the recorded cases: without the
// version, which only the older ones of a group show.
func floorName(name string) string {
	elements := strings.Split(name, "/")
	if elements[0] == "api" {
		return elements[2]
	}
	return elements[3] + "." + elements[1]
}

// readDiscovery reads kube-apiserver's resources, by path.
func readDiscovery(t *testing.T) map[string]apidiscoveryv2.APIResourceDiscovery {
	t.Helper()
	all := map[string]apidiscoveryv2.APIResourceDiscovery{}
	for _, name := range []string{"testdata/discovery-api.json", "testdata/discovery-apis.json"} {
		var list apidiscoveryv2.APIGroupDiscoveryList
		decodeFile(t, name, &list)
		addResources(all, list)
	}
	return all
}

func addResources(all map[string]apidiscoveryv2.APIResourceDiscovery, list apidiscoveryv2.APIGroupDiscoveryList) {
	for _, group := range list.Items {
		for _, version := range group.Versions {
			for _, resource := range version.Resources {
				name := path.Join("apis", group.Name, version.Version, resource.Resource)
				if group.Name == "" {
					name = path.Join("api", version.Version, resource.Resource)
				}
				all[name] = resource
			}
		}
	}
}

// readPrefixes reads where kube-apiserver stores each kind, below /registry.
func readPrefixes(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile("testdata/storage-keys.tsv")
	testutil.Check(t, err)
	prefixes := map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		fields := strings.Split(line, "\t")
		elements := strings.Split(strings.TrimPrefix(fields[3], "/registry/"), "/")
		prefixes[fields[1]] = elements[0]
		if elements[0] == "services" || strings.Contains(elements[0], ".") {
			prefixes[fields[1]] = path.Join(elements[:2]...)
		}
	}
	return prefixes
}

func decodeFile(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(name)
	testutil.Check(t, err)
	testutil.Check(t, json.Unmarshal(data, into))
}

func get(t *testing.T, config *restclient.Config, path, accept string, into any) {
	t.Helper()
	client, err := restclient.HTTPClientFor(config)
	testutil.Check(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, config.Host+path, nil)
	testutil.Check(t, err)
	request.Header.Set("Accept", accept)
	response, err := client.Do(request)
	testutil.Check(t, err)
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	testutil.Check(t, err)
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s: %s", path, response.Status, data)
	}
	testutil.Check(t, json.Unmarshal(data, into))
}
