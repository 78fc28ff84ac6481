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
	"k8s.io/apimachinery/pkg/runtime/schema"
	restclient "k8s.io/client-go/rest"

	bootstrappolicy "github.com/gatehouse-k8s/gatehouse/config/rbac"
	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/groups"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
	"github.com/gatehouse-k8s/gatehouse/test/compat"
)

const (
	discoveryType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
	tableType     = "application/json;g=meta.k8s.io;v=v1;as=Table"
)

// undescribed are the columns, by path, that have no description from
// kube-apiserver either.
var undescribed = map[string]string{"apis/node.k8s.io/v1/runtimeclasses": "Handler"}

// TestExhaustive walks all resources that the server serves. Discovery is
// kube-apiserver's, in its order; each resource has kube-apiserver's columns, its
// place in etcd, and recorded cases with a floor; and there is every resource of
// which the bootstrap policy of RBAC knows.
func TestExhaustive(t *testing.T) {
	s := testserver.Start(t, testserver.Options{Flags: []string{"--emulated-version=1.36", gates}})
	var columns map[string][]metav1.TableColumnDefinition
	decodeFile(t, "testdata/table-columns.json", &columns)
	prefixes := readPrefixes(t)
	floors, err := compat.ReadFloors(floorsFile)
	testutil.Check(t, err)

	served := map[string]apidiscoveryv2.APIResourceDiscovery{}
	for prefix, file := range map[string]string{"/api": "testdata/discovery-api.json", "/apis": "testdata/discovery-apis.json"} {
		var list, want apidiscoveryv2.APIGroupDiscoveryList
		get(t, s.Config, prefix, discoveryType, &list)
		addResources(served, list)
		decodeFile(t, file, &want)
		if diff := cmp.Diff(want, list); diff != "" {
			t.Errorf("discovery of %s (-kube-apiserver +this server):\n%s", prefix, diff)
		}
	}
	checkPolicy(t, served)
	for name, resource := range served {
		t.Run(name, func(t *testing.T) {
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

// floorName is the name of a resource in the recorded cases: without the
// version, which only the older ones of a group show.
func floorName(name string) string {
	elements := strings.Split(name, "/")
	if elements[0] == "api" {
		return elements[2]
	}
	return elements[3] + "." + elements[1]
}

// withoutResource are the resources in rules of the bootstrap policy that
// kube-apiserver does not serve either, or only with a feature gate.
var withoutResource = map[schema.GroupResource]bool{
	{Group: "certificates.k8s.io", Resource: "signers"}:         true,
	{Group: "coordination.k8s.io", Resource: "leasecandidates"}: true,
}

// checkPolicy checks that the resources to which the bootstrap policy gives rights
// are served, as far as they belong to groups that are.
func checkPolicy(t *testing.T, served map[string]apidiscoveryv2.APIResourceDiscovery) {
	t.Helper()
	resources, groups := map[schema.GroupResource]bool{}, map[string]bool{}
	for name, resource := range served {
		group := ""
		if elements := strings.Split(name, "/"); elements[0] == "apis" {
			group = elements[1]
		}
		groups[group] = true
		resources[schema.GroupResource{Group: group, Resource: resource.Resource}] = true
	}
	policy, err := bootstrappolicy.Bootstrap()
	testutil.Check(t, err)
	for _, role := range policy.ClusterRoles {
		for _, rule := range role.Rules {
			for _, group := range rule.APIGroups {
				for _, resource := range rule.Resources {
					main, _, _ := strings.Cut(resource, "/")
					gr := schema.GroupResource{Group: group, Resource: main}
					if main != "*" && groups[group] && !resources[gr] && !withoutResource[gr] {
						t.Errorf("%s gives rights to %s, which is not served", role.Name, gr)
					}
				}
			}
		}
	}
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
