package e2e

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

const (
	asJSONPatch = "application/json-patch+json"
	asStrategic = "application/strategic-merge-patch+json"

	configMaps  = "/api/v1/namespaces/default/configmaps"
	pods        = "/api/v1/namespaces/default/pods"
	definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
	accessAsked = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
)

const (
	// bombLimit is the memory that the process may allocate. A bomb that goes off
	// ends the process, and not the machine.
	bombLimit = 1 << 30
	// bombCost is how much more memory the process may have had at any time
	// during a bomb than before it. It includes garbage.
	bombCost = 192 << 20
)

const (
	nestedTooDeeply = "the body of the request is nested more deeply than 1000 levels"
	costlyQuantity  = "has an exponent beyond 999 or more than 1000 digits"
	tooManyObjects  = "Request entity too large: limit is 100000 objects and lists in the body"
	aliasesTooLarge = "Request entity too large: limit is 3145728, which the YAML exceeds with its aliases replaced"
)

// bomb is a small request that could exhaust the memory or the stack.
type bomb struct {
	name, method, path, contentType, body string
	code                                  int
	message                               string
}

// TestBombs sends small bodies that expand or are deeply nested to the real
// binary. Each is refused before it costs memory, and the server goes on.
func TestBombs(t *testing.T) {
	p, config := serve(t, filepath.Join(t.TempDir(), "data"))
	pid := p.cmd.Process.Pid
	testutil.Check(t, unix.Prlimit(pid, unix.RLIMIT_DATA, &unix.Rlimit{Cur: bombLimit, Max: bombLimit}, nil))
	client := kubernetes.NewForConfigOrDie(config)
	create(t, client, "default", "app")
	for i, b := range bombs(t) {
		t.Run(b.name, func(t *testing.T) {
			before := resident(t, pid, "VmRSS")
			testutil.Check(t, os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0)) // sets the peak to what there is
			r := send(t, config, request{method: b.method, path: b.path, body: []byte(b.body), headers: []string{"Content-Type", b.contentType}})
			status := r.status()
			if r.code != b.code || !strings.Contains(status.Message, b.message) {
				t.Errorf("%d %s: %s, want %d and %q", r.code, status.Reason, status.Message, b.code, b.message)
			}
			if peak := resident(t, pid, "VmHWM"); peak > before+bombCost {
				t.Errorf("%d bytes: the memory grew from %d MiB to %d MiB", len(b.body), before>>20, peak>>20)
			}
			create(t, client, "default", fmt.Sprintf("after-%d", i))
		})
	}
}

// TestYAMLWithAliases: aliases of a modest size are as good as ever.
func TestYAMLWithAliases(t *testing.T) {
	s, client, ns := sharedNamespace(t)
	body := "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app\n  labels: &l {app: web, tier: &t front}\ndata:\n  <<: *l\n  again: *t\n" +
		"  large: &a " + strings.Repeat("x", 100_000) + "\n  a: *a\n  b: *a\n  c: *a\n"
	for _, q := range []request{
		{method: http.MethodPost, path: "/api/v1/namespaces/" + ns + "/configmaps", headers: []string{"Content-Type", asYAML}},
		{method: http.MethodPatch, path: "/api/v1/namespaces/" + ns + "/configmaps/app?fieldManager=m&force=true", headers: []string{"Content-Type", asApply}},
	} {
		q.body = []byte(body)
		if r := send(t, s.Config, q); r.code != http.StatusCreated && r.code != http.StatusOK {
			t.Errorf("%s: %d %s", q.method, r.code, r.body)
		}
	}
	stored, err := client.CoreV1().ConfigMaps(ns).Get(t.Context(), "app", metav1.GetOptions{})
	testutil.Check(t, err)
	if d := stored.Data; d["app"] != "web" || d["again"] != "front" || len(d["c"]) != 100_000 || len(d) != 7 {
		t.Errorf("%d keys: %s, %s", len(d), d["app"], d["again"])
	}
}

func bombs(t *testing.T) []bomb {
	nested := func(depth int, inner string) string {
		return strings.Repeat(`{"not":`, depth) + inner + strings.Repeat("}", depth)
	}
	aliases := func(head string, count int) string {
		return head + "a: &a " + strings.Repeat("x", 100_000) + "\nb: [" + strings.Repeat("*a,", count) + "]\n"
	}
	laughs := "a0: &a0 " + strings.Repeat("x", 1000) + "\n"
	for i := range 6 {
		laughs += fmt.Sprintf("a%d: &a%d [%s]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d,", i), 10))
	}
	const yamlMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bomb}\n"
	const jsonMap = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"bomb"%s},"data":%s}`
	const jsonCRD = `{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"bs.example.com"},"spec":{
		"group":"example.com","scope":"Cluster","names":{"plural":"bs","kind":"B"},"versions":[{"name":"v1","served":true,"storage":true,
		"schema":{"openAPIV3Schema":%s}}]}}`
	deepFields := fmt.Sprintf(jsonMap, `,"managedFields":[{"manager":"m","operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":`+
		nested(5000, "{}")+`}]`, "{}")
	twice := make([]map[string]string, 5000)
	for i := range twice {
		twice[i] = map[string]string{"op": "copy", "from": "/metadata", "path": "/metadata/a"}
	}
	doubling, err := json.Marshal(twice)
	testutil.Check(t, err)
	return []bomb{
		{"YAML aliases", "POST", configMaps, asYAML, aliases(yamlMap, 1500), 413, aliasesTooLarge},
		{"more YAML aliases", "POST", configMaps, asYAML, aliases(yamlMap, 200_000), 413, aliasesTooLarge},
		{"nested YAML aliases", "POST", configMaps, asYAML, yamlMap + laughs, 400, ""},
		{"YAML aliases in a review", "POST", accessAsked, asYAML, aliases("", 1500), 413, aliasesTooLarge},
		{"YAML aliases in an update", "PUT", configMaps + "/app", asYAML, aliases(yamlMap, 1500), 413, aliasesTooLarge},
		{"YAML aliases in delete options", "DELETE", configMaps + "/app", asYAML, aliases("kind: DeleteOptions\napiVersion: v1\n", 1500), 413, aliasesTooLarge},
		{"YAML aliases in an apply patch", "PATCH", configMaps + "/bomb?fieldManager=m", asApply, aliases(yamlMap, 1500), 413, aliasesTooLarge},
		{"deep YAML", "POST", configMaps, asYAML, yamlMap + "data: " + strings.Repeat("[", 9000) + strings.Repeat("]", 9000), 400, nestedTooDeeply},
		{"deep JSON", "POST", configMaps, asJSON, fmt.Sprintf(jsonMap, "", nested(9000, "{}")), 400, nestedTooDeeply},
		{"deep managed fields", "POST", configMaps, asJSON, deepFields, 400, nestedTooDeeply},
		{"deep schema", "POST", definitions, asJSON, fmt.Sprintf(jsonCRD, nested(5000, "{}")), 400, nestedTooDeeply},
		{"deep schema in protobuf", "POST", definitions, asProto, definition100k(t), 400, nestedTooDeeply},
		{"deep schema in protobuf under another type", "POST", definitions, asProto + ";a=yaml", definition100k(t), 400, nestedTooDeeply},
		{"deep merge patch", "PATCH", configMaps + "/app", asMerge, nested(9000, "{}"), 400, nestedTooDeeply},
		{"deep strategic merge patch", "PATCH", configMaps + "/app", asStrategic, nested(9000, "{}"), 400, nestedTooDeeply},
		{"deep JSON patch", "PATCH", configMaps + "/app", asJSONPatch, `[{"op":"add","path":"/data","value":` + nested(9000, "{}") + `}]`, 400, nestedTooDeeply},
		{"deep apply patch", "PATCH", configMaps + "/app?fieldManager=m", asApply, fmt.Sprintf(jsonMap, "", nested(9000, "{}")), 400, nestedTooDeeply},
		{"JSON patch that replaces by nothing", "PATCH", configMaps + "/app", asJSONPatch, `[{"op":"replace","path":""}]`, 400,
			"the JSON patch cannot be applied to this object"},
		{"JSON patch that tests nothing", "PATCH", configMaps + "/app", asJSONPatch, `[{"op":"test","path":""}]`, 400,
			"the JSON patch cannot be applied to this object"},
		{"JSON patch that doubles", "PATCH", configMaps + "/app", asJSONPatch, string(doubling), 422, ""},
		{"compressed body", "POST", configMaps, asJSON, compressed(t, 50<<20), 400, ""},
		{"many mistakes", "POST", pods, asJSON,
			`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[` + strings.Repeat("{},", 16_000) + `{}]}}`, 422, "spec.containers[0]"},
		{"quantity", "POST", pods, asJSON, podWithLimit(`"1e-2147483647"`), 400, costlyQuantity},
		{"large quantity", "POST", pods, asJSON, podWithLimit(`"1e2147483647"`), 400, costlyQuantity},
		{"quantity of many digits", "POST", pods, asJSON, podWithLimit(strings.Repeat("9", 3_000_000)), 400, costlyQuantity},
		{"quantity in YAML", "POST", pods, asYAML, "---\n" + podWithLimit(`" 1e-2147483647"`), 400, costlyQuantity},
		{"quantity in protobuf", "POST", pods, asProto, string(quantityInProtobuf(t)), 400, costlyQuantity},
		{"quantity in another kind", "POST", configMaps, asJSON, podWithLimit(`"1e-2147483647"`), 400, costlyQuantity},
		{"quantity in a merge patch", "PATCH", pods + "/p", asMerge, `{"spec":{"overhead":{"cpu":"1\u0065-2147483647"}}}`, 400, costlyQuantity},
		{"quantity in a strategic merge patch", "PATCH", pods + "/p", asStrategic, `{"spec":{"overhead":{"cpu":"1e-2147483647"}}}`, 400, costlyQuantity},
		{"quantity in an apply patch", "PATCH", pods + "/p?fieldManager=m", asApply, podWithLimit(`"1e-2147483647"`), 400, costlyQuantity},
		{"quantity in a JSON patch", "PATCH", pods + "/p", asJSONPatch,
			`[{"op":"add","path":"/spec/overhead","value":{"cpu":"1e-2147483647"}}]`, 400, costlyQuantity},
		{"JSON patch that makes a text a quantity", "PATCH", pods + "/p", asJSONPatch,
			`[{"op":"copy","from":"/metadata/annotations","path":"/spec/overhead"}]`, 400, "only one of them is a quantity"},
		{"quantity in the name of a resource", "POST", pods, asJSON,
			strings.Replace(podWithLimit("1"), "cpu", "hugepages-1e-2147483647", 1), 422, ""},
		{"quantity in an annotation", "POST", "/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers", asJSON,
			`{"metadata":{"name":"bomb","annotations":{"autoscaling.alpha.kubernetes.io/metrics":"[{\"type\":\"Pods\",\"pods\":{\"metricName\":\"a\",
			\"TargetAverageValue\":\"1e-2147483647\"}}]"}},"spec":{}}`, 400, ""},
		{"many containers", "POST", pods, asJSON,
			`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[` + strings.Repeat("{},", 900_000) + `{}]}}`, 413, tooManyObjects},
		{"many schemas", "POST", definitions, asProto, string(wideDefinition(t)), 413, tooManyObjects},
		{"many lists in YAML", "POST", configMaps, asYAML, yamlMap + "data: [" + strings.Repeat("[],", 1_000_000) + "]", 413, tooManyObjects},
		{"many objects in YAML", "POST", configMaps, asYAML, yamlMap + "data: [" + strings.Repeat("{a: {}},", 350_000) + "]", 413, tooManyObjects},
		{"many lists in a JSON patch", "PATCH", configMaps + "/app", asJSONPatch, "[" + strings.Repeat("[],", 1_000_000) + "[]]", 413, tooManyObjects},
	}
}

// podWithLimit is a pod with a limit of cpu.
func podWithLimit(cpu string) string {
	return `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i","resources":{"limits":{"cpu":` + cpu + `}}}]}}`
}

// inProtobuf is an object in protobuf in the way it is sent.
func inProtobuf(t *testing.T, apiVersion, kind string, raw []byte) []byte {
	data, err := (&runtime.Unknown{TypeMeta: runtime.TypeMeta{APIVersion: apiVersion, Kind: kind}, Raw: raw}).Marshal()
	testutil.Check(t, err)
	return append([]byte("k8s\x00"), data...)
}

// quantityInProtobuf is a pod with a quantity that must not be parsed, not even
// here: it takes the place of a text of the same length.
func quantityInProtobuf(t *testing.T) []byte {
	const harmless, costly = "1111111111111", "1e-2147483647"
	pod := &corev1.Pod{ObjectMeta: named("p"), Spec: corev1.PodSpec{Overhead: corev1.ResourceList{"cpu": resource.MustParse(harmless)}}}
	raw, err := pod.Marshal()
	testutil.Check(t, err)
	return inProtobuf(t, "v1", "Pod", bytes.ReplaceAll(raw, []byte(harmless), []byte(costly)))
}

// wideDefinition is a definition whose schema has 300,000 empty ones.
func wideDefinition(t *testing.T) []byte {
	field := func(number uint64, data []byte) []byte {
		head := binary.AppendUvarint(binary.AppendUvarint(nil, number<<3|2), uint64(len(data)))
		return append(head, data...)
	}
	schema := bytes.Repeat(field(26, nil), 300_000)        // JSONSchemaProps.oneOf
	spec := field(2, field(7, field(4, field(1, schema)))) // spec, versions, schema, openAPIV3Schema
	return inProtobuf(t, "apiextensions.k8s.io/v1", "CustomResourceDefinition", spec)
}

// definition100k is a definition in protobuf whose schema is in 100,000 others.
// They are put around it by hand, because the encoder would overflow its stack.
func definition100k(t *testing.T) string {
	crd := &apiextensionsv1.CustomResourceDefinition{
		ObjectMeta: named("bs.example.com"),
		Spec: apiextensionsv1.CustomResourceDefinitionSpec{
			Group: "example.com", Scope: apiextensionsv1.ClusterScoped, Names: apiextensionsv1.CustomResourceDefinitionNames{Plural: "bs", Kind: "B"},
			Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{Name: "v1", Served: true, Storage: true}},
		},
	}
	// A message may be given in several parts: what follows adds a version.
	raw, err := crd.Marshal()
	testutil.Check(t, err)
	var headers [][]byte
	size := 0
	enclose := func(field byte) {
		header := field<<3 | 2
		h := []byte{header}
		if field > 15 {
			h = []byte{header | 0x80, field >> 4}
		}
		for n := size; ; n >>= 7 {
			if n < 0x80 {
				h = append(h, byte(n))
				break
			}
			h = append(h, byte(n)|0x80)
		}
		headers = append(headers, h)
		size += len(h)
	}
	for range 100_000 {
		enclose(28) // JSONSchemaProps.not
	}
	for _, field := range []byte{1, 4, 7, 2} { // openAPIV3Schema, schema, versions, spec
		enclose(field)
	}
	for i := len(headers) - 1; i >= 0; i-- {
		raw = append(raw, headers[i]...)
	}
	return string(inProtobuf(t, "apiextensions.k8s.io/v1", "CustomResourceDefinition", raw))
}

// compressed is a config map with that many bytes of data, compressed.
func compressed(t *testing.T, size int) string {
	data, err := json.Marshal(&corev1.ConfigMap{ObjectMeta: named("bomb"), Data: map[string]string{"a": strings.Repeat("x", size)}})
	testutil.Check(t, err)
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err = w.Write(data)
	testutil.Check(t, err)
	testutil.Check(t, w.Close())
	return b.String()
}

// resident reads an amount of memory from the status of a process.
func resident(t *testing.T, pid int, name string) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	testutil.Check(t, err)
	match := regexp.MustCompile(name + `:\s+(\d+) kB`).FindSubmatch(status)
	if match == nil {
		t.Fatalf("%s is not in %s", name, status)
	}
	kB, err := strconv.Atoi(string(match[1]))
	testutil.Check(t, err)
	return kB << 10
}
