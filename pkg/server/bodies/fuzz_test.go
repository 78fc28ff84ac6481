package bodies

import (
	"encoding/json"
	"math"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/cbor/direct"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/quantities"
)

// fuzzLimit is a depth that fuzzing exceeds and keeps about equally often.
const fuzzLimit = 5

func scansJSON(data []byte) bool {
	_, err := scanJSON(data, limits{depth: fuzzLimit, objects: math.MaxInt})
	return err == nil
}

func scansCBOR(data []byte) bool {
	_, err := scanCBOR(data, limits{depth: fuzzLimit, objects: math.MaxInt})
	return err == nil
}

func scansProtobuf(data []byte) bool {
	_, _, err := scanProtobuf(data, fuzzLimit)
	return err == nil
}

// FuzzJSON compares the scanner with the decoder of JSON.
func FuzzJSON(f *testing.F) {
	for depth := range 10 {
		f.Add([]byte(nestedJSON(depth)))
	}
	f.Add([]byte(`{"a[\"[[[[[[":["\\",{"b":[[[{}]]]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var value any
		if json.Unmarshal(data, &value) != nil {
			return
		}
		if got, want := scansJSON(data), depthOf(value) <= fuzzLimit; got != want {
			t.Errorf("%s: %v, want %v", data, got, want)
		}
	})
}

// FuzzCBOR compares the scanner with the decoder of CBOR.
func FuzzCBOR(f *testing.F) {
	for depth := range 10 {
		f.Add(nestedCBOR(f, depth))
	}
	f.Add([]byte("\x83\x00\x00\x83\x00\x00\x83\x00\x00\x83\x00\x00\x83\x80\x00\x00")) // The list that is too deep is empty.
	f.Add([]byte("\x9f\x81\xbf\x41a\x9f\xff\xff\x5f\x41b\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var value any
		if direct.Unmarshal(data, &value) != nil {
			return
		}
		// Tags count as levels, but are not values.
		if depthOf(value) > fuzzLimit && scansCBOR(data) {
			t.Errorf("%x is %v", data, value)
		}
	})
}

// depthOf is the number of objects and lists in one another.
func depthOf(value any) int {
	deepest := 0
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			deepest = max(deepest, depthOf(item))
		}
	case map[string]any:
		for _, item := range v {
			deepest = max(deepest, depthOf(item))
		}
	default:
		return 0
	}
	return deepest + 1
}

// FuzzProtobuf checks that no message which the decoder finds, even before it
// fails, is overlooked. Schemas contain one another in all ways there are.
func FuzzProtobuf(f *testing.F) {
	for depth := range 10 {
		f.Add(nestedSchema(f, depth)[len(apis.ProtobufPrefix):])
	}
	crd := &apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: "a", Labels: map[string]string{"b": "c"}}}
	data, err := crd.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	empty := []byte{} // the schema that is too deep is empty
	for range fuzzLimit + 1 {
		empty = append([]byte{0xe2, 0x01, byte(len(empty))}, empty...) // the tag of "not"
	}
	f.Add(empty)
	f.Fuzz(func(t *testing.T, data []byte) {
		schema := &apiextensionsv1.JSONSchemaProps{}
		_ = schema.Unmarshal(data)
		if depth := schemaDepth(schema); depth > fuzzLimit && scansProtobuf(data) {
			t.Errorf("%x has %d levels", data, depth)
		}
	})
}

// schemaDepth is the number of schemas in one another by "not" and "allOf". Empty
// ones do not count.
func schemaDepth(schema *apiextensionsv1.JSONSchemaProps) int {
	deepest := 0
	for _, inner := range append(schema.AllOf, ptr.Deref(schema.Not, apiextensionsv1.JSONSchemaProps{})) {
		if !apiequality.Semantic.DeepEqual(inner, apiextensionsv1.JSONSchemaProps{}) {
			deepest = max(deepest, 1+schemaDepth(&inner))
		}
	}
	return deepest
}

// FuzzQuantities decodes what the checks accept as a pod, in JSON and in protobuf,
// and looks at its quantities. If they overlook one, this may take a minute.
func FuzzQuantities(f *testing.F) {
	for _, text := range costly {
		f.Add([]byte(`{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"resources":{"limits":{"cpu":"` + text + `","cpu":1}}}]}}`))
		f.Add(podInProtobuf(text, "v1", "Pod"))
	}
	c := &checker{limits: limits{depth: MaxDepth, objects: MaxObjects}, maxBytes: maxBytes, types: Types{apis.Scheme}}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, contentType := range []string{runtime.ContentTypeJSON, runtime.ContentTypeProtobuf} {
			if c.check(data, contentType, podInfo()) != nil {
				continue
			}
			info, _ := runtime.SerializerInfoForMediaType(apis.Codecs.SupportedMediaTypes(), contentType)
			object, _, err := info.Serializer.Decode(data, nil, nil)
			pod, ok := object.(*corev1.Pod)
			if err != nil || !ok {
				continue
			}
			for _, container := range pod.Spec.Containers {
				for name, q := range container.Resources.Limits {
					if quantities.Costly(q.String(), false) {
						t.Errorf("%s: %s", name, q.String())
					}
				}
			}
		}
	})
}
