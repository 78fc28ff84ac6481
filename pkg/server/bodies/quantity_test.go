package bodies

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/cbor/direct"
	"k8s.io/apimachinery/pkg/types"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
)

// costly are quantities that must not be parsed.
var costly = []string{
	"1e-2147483647", "1e2147483647", "9e99999999", "1e9223372036854775807", "-1E+1000", "1.5e-00001000", " 1e1000 ", "\t1e1000\n", "0e2147483647",
	".e1000", "+e1000", "\u00a01e1000\u2003", strings.Repeat("9", 1001), "0." + strings.Repeat("0", 1001) + "1Ki",
}

// harmless are texts that look similar.
var harmless = []string{
	"1e999", "1e-999", "1e0000000000001", "1e", "e1234567x", "1234567", "1e1234a", "12e3Ki", strings.Repeat("9", 1000), "1 e1000", "1e1000 1", "",
}

func podInfo() *genericapirequest.RequestInfo {
	return &genericapirequest.RequestInfo{IsResourceRequest: true, APIVersion: "v1", Resource: "pods"}
}

func quoted(text string) string {
	data, _ := json.Marshal(text)
	return string(data)
}

// field is a field with a length in protobuf.
func field(number byte, parts ...string) string {
	data := strings.Join(parts, "")
	length := []byte{byte(len(data))}
	if len(data) >= 0x80 {
		length = []byte{byte(len(data)) | 0x80, byte(len(data) >> 7)}
	}
	return string([]byte{number<<3 | 2}) + string(length) + data
}

// unknown is an object in protobuf in the way it is sent.
func unknown(raw, apiVersion, kind string) []byte {
	return []byte(apis.ProtobufPrefix + field(1, field(1, apiVersion), field(2, kind)) + field(2, raw))
}

// podInProtobuf is a pod whose container has the limit of cpu, without parsing it.
func podInProtobuf(limit, apiVersion, kind string) []byte {
	quantity := field(1, limit)
	return unknown(field(2, field(2, field(8, field(1, field(1, "cpu"), field(2, quantity))))), apiVersion, kind)
}

// TestQuantities puts costly quantities and similar texts where they are parsed.
func TestQuantities(t *testing.T) {
	const pod = `{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"resources":{"limits":{"cpu":%s}}}]}}`
	for _, encoding := range []struct {
		name, contentType string
		body              func(text string) string
	}{
		{"JSON", runtime.ContentTypeJSON, func(text string) string { return fmt.Sprintf(pod, quoted(text)) }},
		{"no content type", "", func(text string) string { return fmt.Sprintf(pod, quoted(text)) }},
		{"YAML", runtime.ContentTypeYAML, func(text string) string { return "---\n" + fmt.Sprintf(pod, quoted(text)) }},
		{"protobuf", runtime.ContentTypeProtobuf, func(text string) string { return string(podInProtobuf(text, "v1", "Pod")) }},
		{"CBOR", runtime.ContentTypeCBOR, func(text string) string {
			var value any
			_ = json.Unmarshal([]byte(fmt.Sprintf(pod, quoted(text))), &value)
			data, _ := direct.Marshal(value)
			return string(data)
		}},
		{"JSON patch", string(types.JSONPatchType), func(text string) string {
			return `[{"op":"add","path":"/spec/containers/0/resources/limits/cpu","value":` + quoted(text) + `}]`
		}},
		{"merge patch", string(types.MergePatchType), func(text string) string { return `{"spec":{"overhead":{"cpu":` + quoted(text) + `}}}` }},
		{"strategic merge patch", string(types.StrategicMergePatchType), func(text string) string {
			return `{"spec":{"volumes":[{"name":"v","emptyDir":{"sizeLimit":` + quoted(text) + `}}]}}`
		}},
		{"apply patch", string(types.ApplyYAMLPatchType), func(text string) string { return fmt.Sprintf(pod, quoted(text)) }},
	} {
		for _, text := range costly {
			t.Run(fmt.Sprintf("%s/%.20q", encoding.name, text), func(t *testing.T) {
				_, err := readFor("pods", encoding.contentType, encoding.body(text))
				if !apierrors.IsBadRequest(err) || !strings.Contains(err.Error(), "has an exponent beyond 999 or more than 1000 digits") {
					t.Error(err)
				}
			})
		}
		for _, text := range harmless {
			t.Run(fmt.Sprintf("%s/%.20q", encoding.name, text), func(t *testing.T) {
				if _, err := readFor("pods", encoding.contentType, encoding.body(text)); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// TestPlacesOfQuantities has costly quantities in many places and forms, and the
// same text where it is not parsed.
func TestPlacesOfQuantities(t *testing.T) {
	const bomb, longTag = "1e-2147483647", "\x8a\x80\x80\x80\x80\x80\x80\x80\x80\x02"
	entry := func(key, value string) string { return field(1, key) + field(2, value) }
	labels := field(1, field(1, bomb), field(11, entry("commit", bomb)), field(11, entry(bomb, "")))
	for _, tt := range []struct {
		name, resource, contentType, body, message string
	}{
		{"kind of the resource", "pods", "", `{"spec":{"overhead":{"cpu":"1e1000"}}}`, `the quantity "1e1000" in spec.overhead[cpu] has`},
		{"kind of the body", "configmaps", "", `{"apiVersion":"v1","kind":"Pod","spec":{"overhead":{"cpu":"1e1000"}}}`, "spec.overhead[cpu]"},
		{"kind of the body last", "configmaps", "", `{"spec":{"overhead":{"cpu":"1e1000"}},"kind":"Pod"}`, "spec.overhead[cpu]"},
		{"list", "pods", "", `{"apiVersion":"v1","kind":"PodList","items":[{"spec":{"overhead":{"cpu":"1e1000"}}}]}`, "items[0].spec.overhead[cpu]"},
		{"first of two keys", "pods", "", `{"spec":{"overhead":{"cpu":"1e1000","cpu":"1"}}}`, "spec.overhead[cpu]"},
		{"first of two objects", "pods", "", `{"spec":{"overhead":{"cpu":"1e1000"}},"spec":{}}`, "spec.overhead[cpu]"},
		{"number", "pods", "", `{"spec":{"overhead":{"cpu":1e-2147483647}}}`, "spec.overhead[cpu]"},
		{"long number", "pods", "", `{"spec":{"overhead":{"cpu":` + strings.Repeat("1", 5000) + `}}}`, "spec.overhead[cpu]"},
		{"escapes", "pods", string(types.MergePatchType), `{"spec":{"overhead":{"cpu":"\t\u0031\u0065-\u0032147483647\u0020"}}}`, "spec.overhead[cpu]"},
		{"escaped keys", "pods", string(types.MergePatchType), `{"\u0073pec":{"overhead":{"cpu":"1e-2147483647"}}}`, "spec.overhead[cpu]"},
		{"YAML text", "pods", runtime.ContentTypeYAML, "spec: {overhead: {cpu: !!str 1e-2147483647}}", "spec.overhead[cpu]"},
		{"YAML number that overflows", "pods", runtime.ContentTypeYAML, "spec: {overhead: {cpu: 1e2147483647}}", "spec.overhead[cpu]"},
		{"YAML in base64", "pods", runtime.ContentTypeYAML, "spec: {overhead: {cpu: !!binary MWUtMjE0NzQ4MzY0Nw==}}", "spec.overhead[cpu]"},
		{"YAML alias", "pods", runtime.ContentTypeYAML,
			"metadata: {labels: {a: &a 1e-2147483647x}, name: &b ' 1e1000'}\nspec: {overhead: {cpu: *b}}", "spec.overhead[cpu]"},
		{"CBOR in hexadecimal digits", "pods", runtime.ContentTypeCBOR,
			"\xa1\x44spec\xa1\x48overhead\xa1\x43cpu\xd7\x46\x1e\x21\x47\x48\x36\x47", "spec.overhead[cpu]"},
		{"CBOR in pieces", "pods", runtime.ContentTypeCBOR, "\xa1\x64spec\xa1\x68overhead\xa1\x63cpu\x7f\x641e-2\x69147483647\xff", "spec.overhead[cpu]"},
		{"JSON patch of a container", "pods", string(types.JSONPatchType),
			`[{"op":"add","path":"x/spec/containers/-","value":{"resources":{"limits":{"cpu":"1e1000"}}}}]`, "resources.limits[cpu]"},
		{"JSON patch with an escaped path", "pods", string(types.JSONPatchType),
			`[{"op":"replace","path":"/spec/overhead/a~1b","value":"1e1000"}]`, "has an exponent"},
		{"JSON patch that copies a text", "pods", string(types.JSONPatchType), `[{"op":"copy","from":"/metadata/labels/a","path":"/spec/overhead/cpu"}]`,
			"only one of them is a quantity"},
		{"JSON patch that moves texts", "pods", string(types.JSONPatchType),
			`[{"op":"move","from":"/x","path":"/spec/overhead"}]`, "only one of them is a quantity"},
		{"JSON patch that changes the kind", "configmaps", string(types.JSONPatchType),
			`[{"op":"replace","path":"/kind","value":"Pod"},{"op":"add","path":"/spec","value":{"overhead":{"cpu":"1e1000"}}}]`, "has an exponent"},
		{"JSON patch that copies the kind", "configmaps", string(types.JSONPatchType),
			`[{"op":"copy","from":"/data/kind","path":"/kind"}]`, "in the place of the kind"},
		{"JSON patch of the whole", "configmaps", string(types.JSONPatchType),
			`[{"op":"replace","path":"","value":{"apiVersion":"v1","kind":"Pod","spec":{"overhead":{"cpu":"1e1000"}}}}]`, "has an exponent"},
		{"protobuf of another kind", "configmaps", runtime.ContentTypeProtobuf,
			string(podInProtobuf(bomb, "v1", "Pod")), "spec.containers.resources.limits"},
		{"protobuf without a kind", "pods", runtime.ContentTypeProtobuf, string(podInProtobuf(bomb, "", "")), "spec.containers.resources.limits"},
		{"protobuf with a long tag", "pods", runtime.ContentTypeProtobuf,
			string(unknown(field(2, field(2, field(8, field(1, field(2, longTag+field(1, bomb)[1:]))))), "v1", "Pod")), "resources.limits"},
		{"protobuf that ends early", "pods", runtime.ContentTypeProtobuf, string(podInProtobuf(bomb, "v1", "Pod")) + "\x12\x7f", ""},

		{"malformed JSON", "pods", "", `{"a":"1e1000", "b":[{"c"`, ""},
		{"more malformed JSON", "pods", "", `{"a":"1e1000"} ] [ {"b" 1 {`, ""},
		{"malformed JSON patch", "pods", string(types.JSONPatchType), `[{"op":"add","path":"/a","value":{"b"`, ""},
		{"texts in JSON", "pods", "", `{"metadata":{"name":"1e1234567","labels":{"commit":"1234e56789012"}},
			"spec":{"containers":[{"image":"1e1234567","args":["1e1234567"],"env":[{"name":"a","value":"1e1234567"}]}]}}`, ""},
		{"config map", "configmaps", "", `{"kind":"ConfigMap","data":{"cpu":"1e-2147483647","spec":" 1e1000"}}`, ""},
		{"config map in YAML", "configmaps", runtime.ContentTypeYAML, "kind: ConfigMap\ndata: {cpu: 1e-2147483647, spec: '1e1000'}", ""},
		{"custom resource", "widgets", "", `{"apiVersion":"example.com/v1","kind":"Widget","spec":{"overhead":{"cpu":"1e1000"}}}`, ""},
		{"merge patch of labels", "pods", string(types.MergePatchType), `{"metadata":{"labels":{"commit":"1e1234567"}}}`, ""},
		{"JSON patch of labels", "pods", string(types.JSONPatchType), `[{"op":"add","path":"/metadata/labels/commit","value":"1e1234567"}]`, ""},
		{"JSON patch that copies quantities", "pods", string(types.JSONPatchType),
			`[{"op":"copy","from":"/spec/containers/0/resources/limits/cpu","path":"/spec/containers/1/resources/requests/cpu"},
			{"op":"copy","from":"/spec/containers/0","path":"/spec/containers/-"},{"op":"move","from":"/metadata/labels/a","path":"/metadata/labels/b"}]`, ""},
		{"texts in protobuf", "pods", runtime.ContentTypeProtobuf, string(unknown(labels+field(2, field(15, field(1, bomb))), "v1", "Pod")), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := readFor(tt.resource, tt.contentType, tt.body)
			if tt.message == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !apierrors.IsBadRequest(err) || !strings.Contains(err.Error(), tt.message) {
				t.Error(err)
			}
		})
	}
}
