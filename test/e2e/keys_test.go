package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// storedAs is a row of storage-keys.tsv. It describes how kube-apiserver stores
// a kind.
type storedAs struct {
	version schema.GroupVersion
	prefix  string
	json    bool
}

// storedSince137 are the kinds that Kubernetes 1.37 stores in another version than
// 1.36: a version is stored one release after it has come.
var storedSince137 = map[string]string{"DeviceTaintRule": "v1beta2", "MutatingAdmissionPolicy": "v1", "MutatingAdmissionPolicyBinding": "v1"}

// TestRawKeys creates an object of each resource that is served, and reads it
// from etcd. Key, version and encoding must be kube-apiserver's.
func TestRawKeys(t *testing.T) {
	t.Parallel()
	etcd := "http://" + freeAddress(t)
	s := testserver.Start(t, testserver.Options{Flags: []string{"--embedded-etcd-listen-client-url=" + etcd}})
	ensureNamespace(t, s, "keys")
	rows, objects := readStorageKeys(t), readObjects(t)
	client, raw := dynamic.NewForConfigOrDie(s.Config), etcdClient(t, etcd)
	for _, r := range storedResources(t, discovery.NewDiscoveryClientForConfigOrDie(s.Config)) {
		object, ok := objects[r.Kind]
		if !ok {
			t.Errorf("%s: objects.yaml has no object", r.Kind)
			continue
		}
		row, ok := rows[r.Kind]
		if !ok {
			t.Errorf("%s: storage-keys.tsv has no row", r.Kind)
			continue
		}
		if version, ok := storedSince137[r.Kind]; ok {
			row.version.Version = version
		}
		gvr := schema.GroupVersionResource{Group: r.Group, Version: r.Version, Resource: r.Name}
		key, access := "/registry/"+row.prefix+"/"+object.GetName(), dynamic.ResourceInterface(client.Resource(gvr))
		if r.Namespaced {
			key, access = "/registry/"+row.prefix+"/keys/"+object.GetName(), client.Resource(gvr).Namespace("keys")
		}
		if _, err := access.Create(t.Context(), object, metav1.CreateOptions{}); err != nil {
			t.Errorf("%s: %v", r.Kind, err)
			continue
		}
		got, err := raw.Get(t.Context(), key)
		testutil.Check(t, err)
		if len(got.Kvs) != 1 {
			t.Errorf("%s: there is no key %s", r.Kind, key)
			continue
		}
		checkStored(t, got.Kvs[0].Value, row.version.WithKind(r.Kind), row.json)
	}
	checkPrefixes(t, raw, rows)
}

// checkStored checks the encoding and the version of a stored object.
func checkStored(t *testing.T, value []byte, kind schema.GroupVersionKind, isJSON bool) {
	t.Helper()
	if isJSON {
		var got metav1.TypeMeta
		if err := json.Unmarshal(value, &got); err != nil || got.GroupVersionKind() != kind {
			t.Errorf("%s is stored as %s (%v)", kind, got.GroupVersionKind(), err)
		}
		return
	}
	message, ok := bytes.CutPrefix(value, []byte("k8s\x00"))
	var envelope runtime.Unknown
	if err := envelope.Unmarshal(message); !ok || err != nil {
		t.Errorf("%s is not stored as protobuf: %.20q", kind, value)
		return
	}
	if got := schema.FromAPIVersionAndKind(envelope.APIVersion, envelope.Kind); got != kind {
		t.Errorf("%s is stored as %s", kind, got)
	}
}

// checkPrefixes checks that etcd contains no other keys.
func checkPrefixes(t *testing.T, raw *clientv3.Client, rows map[string]storedAs) {
	t.Helper()
	all, err := raw.Get(t.Context(), "", clientv3.WithPrefix(), clientv3.WithKeysOnly())
	testutil.Check(t, err)
	for _, kv := range all.Kvs {
		// The addresses of API servers for each other are recorded without a table.
		known := string(kv.Key) == "compact_rev_key" || strings.HasPrefix(string(kv.Key), "/registry/peerserverleases/")
		for _, row := range rows {
			known = known || strings.HasPrefix(string(kv.Key), "/registry/"+row.prefix+"/")
		}
		if !known {
			t.Errorf("etcd has the key %s", kv.Key)
		}
	}
}

// storedResources returns the resources of all preferred versions that support
// watch: componentstatuses can only be listed.
func storedResources(t *testing.T, client discovery.DiscoveryInterface) (all []metav1.APIResource) {
	t.Helper()
	lists, err := discovery.ServerPreferredResources(client)
	testutil.Check(t, err)
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		testutil.Check(t, err)
		for _, r := range list.APIResources {
			if r.Group, r.Version = version.Group, version.Version; slices.Contains(r.Verbs, "watch") && r.Group != "events.k8s.io" {
				all = append(all, r)
			}
		}
	}
	return all
}

// readStorageKeys reads the recorded keys of kube-apiserver by kind.
func readStorageKeys(t *testing.T) map[string]storedAs {
	t.Helper()
	data, err := os.ReadFile("../compat/testdata/storage-keys.tsv")
	testutil.Check(t, err)
	rows := map[string]storedAs{}
	for i, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		fields := strings.Split(line, "\t")
		if i == 0 {
			continue
		}
		version, err := schema.ParseGroupVersion(fields[0])
		testutil.Check(t, err)
		if other, twice := rows[fields[1]]; twice { // this kind is used for endpoints and for the leases of the servers
			rows[other.prefix] = other
		}
		rows[fields[1]] = storedAs{version, prefixOf(fields[3]), fields[2] == "json"}
	}
	return rows
}

// prefixOf returns the part of a key that identifies the resource: one path
// element, or two for core services and for keys that contain the name of the
// group.
func prefixOf(key string) string {
	elements := strings.Split(strings.TrimPrefix(key, "/registry/"), "/")
	if elements[0] == "services" || strings.Contains(elements[0], ".") {
		return strings.Join(elements[:2], "/")
	}
	return elements[0]
}

func readObjects(t *testing.T) map[string]*unstructured.Unstructured {
	t.Helper()
	file, err := os.Open("testdata/objects.yaml")
	testutil.Check(t, err)
	defer file.Close()
	objects := map[string]*unstructured.Unstructured{}
	for decoder := yaml.NewYAMLOrJSONDecoder(file, 4096); ; {
		object := &unstructured.Unstructured{}
		if err := decoder.Decode(&object.Object); err == io.EOF {
			return objects
		} else if err != nil {
			t.Fatal(err)
		}
		objects[object.GetKind()] = object
	}
}
