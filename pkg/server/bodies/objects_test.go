package bodies

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/cbor/direct"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
)

// TestWideBodies has bodies of very many small objects.
func TestWideBodies(t *testing.T) {
	for _, tt := range []struct{ name, contentType, body string }{
		{"JSON objects", runtime.ContentTypeJSON, "[" + strings.Repeat("{},", MaxObjects) + "{}]"},
		{"JSON lists", string(types.MergePatchType), "[" + strings.Repeat("[],", MaxObjects) + "[]]"},
		{"JSON patch", string(types.JSONPatchType), "[" + strings.Repeat("{},", MaxObjects) + "{}]"},
		{"CBOR maps", runtime.ContentTypeCBOR, "\x9f" + strings.Repeat("\xa0", MaxObjects+1) + "\xff"},
		{"YAML objects", runtime.ContentTypeYAML, "a: [" + strings.Repeat("{},", MaxObjects+1) + "]"},
		{"YAML lists in lines", runtime.ContentTypeYAML, strings.Repeat("- []\n", MaxObjects+1)},
		{"YAML objects in lines", runtime.ContentTypeYAML, strings.Repeat("-\n a: b\n", MaxObjects+1)},
		{"YAML in an apply patch", string(types.ApplyYAMLPatchType), "a: [" + strings.Repeat("[],", 900_000) + "]"},
		{"protobuf messages", runtime.ContentTypeProtobuf, string(wide(field(2, "")))},
		{"protobuf messages with a name", runtime.ContentTypeProtobuf, string(wide(field(2, field(1, "a"))))},
		{"protobuf of an unknown kind", runtime.ContentTypeProtobuf, strings.Replace(string(wide(field(2, ""))), "Pod", "Pot", 1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := readFor("widgets", tt.contentType, tt.body)
			if !apierrors.IsRequestEntityTooLargeError(err) || !strings.Contains(err.Error(), "limit is 100000 objects and lists in the body") {
				t.Error(err)
			}
		})
	}
}

// wide is a pod of many containers.
func wide(container string) []byte {
	spec := strings.Repeat(container, MaxObjects+1)
	length := []byte{byte(len(spec)) | 0x80, byte(len(spec)>>7) | 0x80, byte(len(spec) >> 14)}
	raw, _ := (&runtime.Unknown{TypeMeta: runtime.TypeMeta{APIVersion: "v1", Kind: "Pod"}, Raw: []byte("\x12" + string(length) + spec)}).Marshal()
	return append([]byte(apis.ProtobufPrefix), raw...)
}

// TestLargeObjects has objects that are as large as objects are in practice, or
// larger. All are accepted in every encoding.
func TestLargeObjects(t *testing.T) {
	random := rand.NewChaCha8([32]byte{})
	secret := &corev1.Secret{Data: map[string][]byte{"a": make([]byte, 1<<20)}}
	_, _ = random.Read(secret.Data["a"])
	keys, fields := &corev1.ConfigMap{Data: map[string]string{}}, map[string]any{}
	for i := range 50_000 {
		key := fmt.Sprintf("key-%06d", i)
		keys.Data[key], fields["f:"+key] = "some value", struct{}{}
	}
	owned, _ := json.Marshal(map[string]any{"f:data": fields})
	keys.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "m", FieldsV1: &metav1.FieldsV1{Raw: owned}}}
	dashboard := &corev1.ConfigMap{Data: map[string]string{"dashboard.json": strings.Repeat(`{"panel":{"type":"graph","targets":[{"expr":"up"}]}},`, 25_000)}}
	endpoints := &discoveryv1.EndpointSlice{}
	for range 1000 {
		endpoints.Endpoints = append(endpoints.Endpoints, discoveryv1.Endpoint{
			Addresses: []string{"10.0.0.1"}, Conditions: discoveryv1.EndpointConditions{Ready: new(bool)},
			TargetRef: &corev1.ObjectReference{Kind: "Pod", Namespace: "default", Name: "a"},
			Hints:     &discoveryv1.EndpointHints{ForZones: []discoveryv1.ForZone{{Name: "a"}}},
		})
	}
	for _, tt := range []struct {
		name   string
		kind   metav1.TypeMeta
		object interface{ Marshal() ([]byte, error) }
	}{
		{"secret of random bytes", metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"}, secret},
		{"config map of 50,000 keys", metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"}, keys},
		{"config map of JSON", metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"}, dashboard},
		{"endpoint slice", metav1.TypeMeta{APIVersion: "discovery.k8s.io/v1", Kind: "EndpointSlice"}, endpoints},
		{"definition", metav1.TypeMeta{APIVersion: "apiextensions.k8s.io/v1", Kind: "CustomResourceDefinition"}, largeDefinition()},
	} {
		asJSON, err := json.Marshal(tt.object)
		if err != nil {
			t.Fatal(err)
		}
		var value map[string]any
		if err := json.Unmarshal(asJSON, &value); err != nil {
			t.Fatal(err)
		}
		asCBOR, _ := direct.Marshal(value)
		asYAML, _ := yaml.Marshal(value)
		raw, err := tt.object.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		asProtobuf, _ := (&runtime.Unknown{TypeMeta: runtime.TypeMeta{APIVersion: tt.kind.APIVersion, Kind: tt.kind.Kind}, Raw: raw}).Marshal()
		for _, encoded := range []struct {
			contentType string
			body        []byte
		}{
			{runtime.ContentTypeJSON, asJSON},
			{runtime.ContentTypeYAML, asYAML},
			{runtime.ContentTypeCBOR, asCBOR},
			{runtime.ContentTypeProtobuf, append([]byte(apis.ProtobufPrefix), asProtobuf...)},
			{string(types.ApplyYAMLPatchType), asJSON},
		} {
			t.Run(tt.name+" "+encoded.contentType, func(t *testing.T) {
				if _, err := read(encoded.contentType, string(encoded.body)); err != nil {
					t.Errorf("%d bytes: %v", len(encoded.body), err)
				}
			})
		}
	}
}

// largeDefinition is a definition of about 3 MB, with descriptions of usual length.
func largeDefinition() *apiextensionsv1.CustomResourceDefinition {
	crd := &apiextensionsv1.CustomResourceDefinition{}
	for v := range 4 {
		properties := map[string]apiextensionsv1.JSONSchemaProps{}
		for i := range 700 {
			inner := map[string]apiextensionsv1.JSONSchemaProps{}
			for j := range 8 {
				inner[fmt.Sprintf("field%d", j)] = apiextensionsv1.JSONSchemaProps{
					Type: "string", Description: "The name of the object to which this refers, if there is one.",
				}
			}
			properties[fmt.Sprintf("field%d", i)] = apiextensionsv1.JSONSchemaProps{Type: "object", Properties: inner, Required: []string{"field0"}}
		}
		crd.Spec.Versions = append(crd.Spec.Versions, apiextensionsv1.CustomResourceDefinitionVersion{Name: fmt.Sprintf("v%d", v+1),
			Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{Type: "object", Properties: properties}}})
	}
	return crd
}
