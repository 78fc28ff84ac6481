package bodies

import (
	"encoding/json"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/serializer/cbor/direct"
)

// scan scans data in pieces, and returns false if it is too deep.
func scan(scanner interface{ scan([]byte) bool }, data []byte, piece int) bool {
	for len(data) > 0 {
		n := min(piece, len(data))
		if !scanner.scan(data[:n]) {
			return false
		}
		data = data[n:]
	}
	return true
}

// fuzzLimit is a depth that fuzzing exceeds and keeps about equally often.
const fuzzLimit = 5

// FuzzJSON compares the scanner with the decoder of JSON.
func FuzzJSON(f *testing.F) {
	for depth := range 10 {
		f.Add([]byte(nestedJSON(depth)), 1)
	}
	f.Add([]byte(`{"a[\"[[[[[[":["\\",{"b":[[[{}]]]}]}`), 2)
	f.Fuzz(func(t *testing.T, data []byte, piece int) {
		var value any
		if json.Unmarshal(data, &value) != nil {
			return
		}
		if got, want := scan(&jsonScanner{limit: fuzzLimit}, data, max(piece, 1)), depthOf(value) <= fuzzLimit; got != want {
			t.Errorf("%s: %v, want %v", data, got, want)
		}
	})
}

// FuzzCBOR compares the scanner with the decoder of CBOR.
func FuzzCBOR(f *testing.F) {
	for depth := range 10 {
		f.Add(nestedCBOR(f, depth), 1)
	}
	f.Add([]byte("\x9f\x81\xbf\x41a\x9f\xff\xff\x5f\x41b\xff\xff"), 2)
	f.Fuzz(func(t *testing.T, data []byte, piece int) {
		var value any
		if direct.Unmarshal(data, &value) != nil {
			return
		}
		// Tags count as levels, but are not values.
		if depthOf(value) > fuzzLimit && scan(&cborScanner{limit: fuzzLimit}, data, max(piece, 1)) {
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
		f.Add(nestedSchema(f, depth)[len(protobufPrefix):], 1)
	}
	crd := &apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: "a", Labels: map[string]string{"b": "c"}}}
	data, err := crd.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data, 3)
	f.Fuzz(func(t *testing.T, data []byte, piece int) {
		schema := &apiextensionsv1.JSONSchemaProps{}
		_ = schema.Unmarshal(data)
		if depth := schemaDepth(schema); depth > fuzzLimit && scan(&protobufScanner{limit: fuzzLimit}, data, max(piece, 1)) {
			t.Errorf("%x has %d levels", data, depth)
		}
		whole, pieces := scan(&protobufScanner{limit: fuzzLimit}, data, len(data)+1), scan(&protobufScanner{limit: fuzzLimit}, data, max(piece, 1))
		if whole != pieces {
			t.Errorf("%x: %v as a whole, %v in pieces of %d", data, whole, pieces, piece)
		}
	})
}

// schemaDepth is the number of schemas in one another by "not" and "allOf".
func schemaDepth(schema *apiextensionsv1.JSONSchemaProps) int {
	deepest := 0
	if schema.Not != nil {
		deepest = 1 + schemaDepth(schema.Not)
	}
	for i := range schema.AllOf {
		deepest = max(deepest, 1+schemaDepth(&schema.AllOf[i]))
	}
	return deepest
}
