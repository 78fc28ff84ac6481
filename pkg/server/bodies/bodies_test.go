package bodies

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	extensions "k8s.io/apiextensions-apiserver/pkg/apiserver"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/cbor/direct"
	"k8s.io/apimachinery/pkg/types"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
)

const maxBytes = 3 << 20

// nestedJSON is an object in depth objects.
func nestedJSON(depth int) string {
	return strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth)
}

// nestedSchema is a schema in depth schemas, in protobuf.
func nestedSchema(t testing.TB, depth int) []byte {
	schema := &apiextensionsv1.JSONSchemaProps{}
	for range depth {
		schema = &apiextensionsv1.JSONSchemaProps{Not: schema}
	}
	data, err := schema.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return append([]byte(apis.ProtobufPrefix), data...)
}

func nestedCBOR(t testing.TB, depth int) []byte {
	var value any = "a"
	for i := range depth {
		if i%2 == 0 {
			value = []any{value}
		} else {
			value = map[string]any{"a": value}
		}
	}
	data, err := direct.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func protobuf(t testing.TB, object interface{ Marshal() ([]byte, error) }) []byte {
	raw, err := object.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	data, err := (&runtime.Unknown{Raw: raw}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return append([]byte(apis.ProtobufPrefix), data...)
}

// TestBodies reads bodies in every encoding as a handler does.
func TestBodies(t *testing.T) {
	const deep, large = "nested more deeply than 1000 levels", "limit is 3145728, which the YAML exceeds with its aliases replaced"
	text := strings.Repeat("x", 100_000)
	texts := &corev1.ConfigMap{Data: map[string]string{"a": text, "b": strings.Repeat("\n", 100_000)}}
	aliases := func(count int) string { return "a: &a " + text + "\nb: [" + strings.Repeat("*a,", count) + "]\n" }
	for _, tt := range []struct {
		name, contentType, body string
		code                    int
		message                 string
	}{
		{"JSON", runtime.ContentTypeJSON, nestedJSON(1000), 0, ""},
		{"deep JSON", runtime.ContentTypeJSON, nestedJSON(1001), 400, deep},
		{"deep JSON of no content type", "", nestedJSON(1001), 400, deep},
		{"deep JSON lists", runtime.ContentTypeJSON, strings.Repeat("[", 1001), 400, deep},
		{"JSON brackets in a string", runtime.ContentTypeJSON, `{"a":"` + strings.Repeat(`[\"\\`, 2000) + `"}`, 0, ""},
		{"wide JSON", runtime.ContentTypeJSON, "[" + strings.Repeat(`{"a":[]},`, 5000) + "{}]", 0, ""},
		{"JSON that closes first", runtime.ContentTypeJSON, strings.Repeat("]", 1000) + strings.Repeat("[", 1001), 400, deep},
		{"deep merge patch", string(types.MergePatchType), nestedJSON(1001), 400, deep},
		{"deep strategic merge patch", string(types.StrategicMergePatchType), nestedJSON(1001), 400, deep},
		{"deep JSON patch", string(types.JSONPatchType), `[{"op":"add","path":"/a","value":` + nestedJSON(1000) + `}]`, 400, deep},

		{"protobuf", runtime.ContentTypeProtobuf, string(nestedSchema(t, 1000)), 0, ""},
		{"deep protobuf", runtime.ContentTypeProtobuf, string(nestedSchema(t, 1001)), 400, deep},
		{"very deep protobuf", runtime.ContentTypeProtobuf, string(nestedSchema(t, 10_000)), 400, deep},
		{"deep protobuf with a parameter", runtime.ContentTypeProtobuf + ";a=yaml", string(nestedSchema(t, 1001)), 400, deep},
		{"deep protobuf in capitals", "Application/VND.kubernetes.protobuf", string(nestedSchema(t, 1001)), 400, deep},
		{"protobuf with text", runtime.ContentTypeProtobuf, string(protobuf(t, texts)), 0, ""},

		{"CBOR", runtime.ContentTypeCBOR, string(nestedCBOR(t, 1000)), 0, ""},
		{"deep CBOR", runtime.ContentTypeCBOR, string(nestedCBOR(t, 1001)), 400, deep},
		{"deep CBOR without lengths", string(types.ApplyCBORPatchType), strings.Repeat("\x9f", 1001), 400, deep},
		{"wide CBOR without lengths", runtime.ContentTypeCBOR, "\x9f" + strings.Repeat("\x9f\x01\x62ab\xff", 5000) + "\xff", 0, ""},

		{"YAML", runtime.ContentTypeYAML, "a: &a {b: c}\nd: *a\n", 0, ""},
		{"YAML with aliases", runtime.ContentTypeYAML, aliases(30), 0, ""},
		{"YAML with many aliases", runtime.ContentTypeYAML, aliases(1500), 413, large},
		{"YAML with very many aliases", runtime.ContentTypeYAML, aliases(200_000), 413, large},
		{"YAML that merges", runtime.ContentTypeYAML, "a: &a {k: " + text + "}\nb: [" + strings.Repeat("{<<: *a},", 100) + "]\n", 413, large},
		{"YAML keys that are aliases", runtime.ContentTypeYAML, "a: &a " + text + "\nb: [" + strings.Repeat("{*a : 1},", 100) + "]\n", 413, large},
		{"deep YAML", runtime.ContentTypeYAML, strings.Repeat("- ", 1002) + "a", 400, deep},
		{"deep YAML lists", runtime.ContentTypeYAML, "a: " + strings.Repeat("[", 1001) + strings.Repeat("]", 1001), 400, deep},
		{"malformed YAML", runtime.ContentTypeYAML, "a: [", 0, ""},
		{"apply patch in JSON", string(types.ApplyYAMLPatchType), nestedJSON(1000), 0, ""},
		{"deep apply patch in JSON", string(types.ApplyYAMLPatchType), nestedJSON(1001), 400, deep},
		{"apply patch with many aliases", string(types.ApplyYAMLPatchType), aliases(1500), 413, large},
		{"YAML that is too large as it is", runtime.ContentTypeYAML, aliases(1500) + strings.Repeat("#", maxBytes), 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data, err := read(tt.contentType, tt.body)
			if tt.code == 0 {
				if want := tt.body[:min(len(tt.body), maxBytes+1)]; err != nil || string(data) != want {
					t.Errorf("%d of %d bytes, %v", len(data), len(want), err)
				}
				return
			}
			status, ok := err.(apierrors.APIStatus)
			if !ok || status.Status().Code != int32(tt.code) || !strings.Contains(err.Error(), tt.message) {
				t.Errorf("%v", err)
			}
		})
	}
}

// read reads a body as the handlers of the library do.
func read(contentType, body string) ([]byte, error) {
	return readFor("configmaps", contentType, body)
}

// readFor reads a body for a resource of the core group.
func readFor(resource, contentType, body string) (data []byte, err error) {
	info := &genericapirequest.RequestInfo{IsResourceRequest: true, APIVersion: "v1", Resource: resource}
	handle(bound(func(r *http.Request) { data, err = io.ReadAll(io.LimitReader(r.Body, maxBytes+1)) }), info, contentType, strings.NewReader(body))
	return data, err
}

func bound(read func(*http.Request)) http.Handler {
	longRunning := func(_ *http.Request, info *genericapirequest.RequestInfo) bool { return info.Subresource == "proxy" }
	return Bound(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		defer r.Body.Close()
		read(r)
	}), maxBytes, longRunning, Types{apis.Scheme, extensions.Scheme})
}

func handle(handler http.Handler, info *genericapirequest.RequestInfo, contentType string, body io.Reader) {
	r := httptest.NewRequest(http.MethodPost, "/", body)
	r.Header.Set("Content-Type", contentType)
	handler.ServeHTTP(httptest.NewRecorder(), r.WithContext(genericapirequest.WithRequestInfo(r.Context(), info)))
}

// TestBound shows which requests are checked.
func TestBound(t *testing.T) {
	for _, tt := range []struct {
		name string
		info genericapirequest.RequestInfo
		body string
		ok   bool
	}{
		{"resource", genericapirequest.RequestInfo{IsResourceRequest: true}, nestedJSON(1001), false},
		{"proxy", genericapirequest.RequestInfo{IsResourceRequest: true, Subresource: "proxy"}, nestedJSON(1001), true},
		{"large body for a proxy", genericapirequest.RequestInfo{IsResourceRequest: true, Subresource: "proxy"}, strings.Repeat(" ", maxBytes+1), true},
		{"other path", genericapirequest.RequestInfo{}, nestedJSON(1001), true},
		{"large body for another path", genericapirequest.RequestInfo{}, strings.Repeat(" ", maxBytes+1), false},
		{"no body", genericapirequest.RequestInfo{IsResourceRequest: true}, "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var err error
			handle(bound(func(r *http.Request) { _, err = io.ReadAll(r.Body) }), &tt.info, "", strings.NewReader(tt.body))
			if (err == nil) != tt.ok {
				t.Error(err)
			}
		})
	}
}

// BenchmarkRead measures what the check adds to reading a body.
func BenchmarkRead(b *testing.B) {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "a", Labels: map[string]string{"app": "a"}}}
	for i := range 10 {
		pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: fmt.Sprint(i), Image: "registry.example.com/image:1.0"})
	}
	asJSON, err := json.Marshal(pod)
	if err != nil {
		b.Fatal(err)
	}
	for _, tt := range []struct {
		name, contentType string
		data              []byte
	}{
		{"json", runtime.ContentTypeJSON, asJSON},
		{"protobuf", runtime.ContentTypeProtobuf, protobuf(b, pod)},
		{"cbor", runtime.ContentTypeCBOR, nestedCBOR(b, 10)},
		{"apply", string(types.ApplyYAMLPatchType), asJSON},
	} {
		for _, check := range []bool{false, true} {
			b.Run(fmt.Sprintf("%s/checked=%v", tt.name, check), func(b *testing.B) {
				c := &checker{limits: limits{depth: MaxDepth, objects: MaxObjects}, maxBytes: maxBytes}
				b.SetBytes(int64(len(tt.data)))
				b.ReportAllocs()
				for b.Loop() {
					data := io.NopCloser(bytes.NewReader(tt.data))
					if check {
						data = &body{ReadCloser: data, checker: c, contentType: tt.contentType, info: podInfo()}
					}
					if _, err := io.ReadAll(data); err != nil {
						b.Fatal(err)
					}
					data.Close()
				}
			})
		}
	}
}
