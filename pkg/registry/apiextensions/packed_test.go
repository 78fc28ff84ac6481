package apiextensions

import (
	"bytes"
	"testing"

	internal "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensionsv1beta1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// richSchema has what is easily lost: null, empty and false values, numbers, and all kinds
// of nested schemas.
const richSchema = `{"type":"object","description":"a toy","required":["a"],"x-kubernetes-preserve-unknown-fields":true,
	"properties":{
		"a":{"type":"integer","format":"int64","default":9007199254740993,"minimum":0,"maximum":1.5,"multipleOf":3},
		"b":{"type":"string","default":"","enum":["","x"],"maxLength":0,"pattern":"^$","nullable":true},
		"c":{"type":"array","items":{"type":"object","x-kubernetes-embedded-resource":true,"x-kubernetes-preserve-unknown-fields":true},
			"x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"],"maxItems":0,"uniqueItems":false},
		"d":{"type":"object","additionalProperties":{"type":"boolean","default":false},"x-kubernetes-map-type":"atomic"},
		"e":{"x-kubernetes-int-or-string":true,"anyOf":[{"type":"integer"},{"type":"string"}]},
		"f":{"type":"object","default":{"x":[1,2.5,null,"s",{}]},"example":{"y":true},"additionalProperties":false,"properties":{}},
		"g":{"not":{"type":"null"},"externalDocs":{"url":"u"},"oneOf":[],
			"x-kubernetes-validations":[{"rule":"true","message":"m","optionalOldSelf":false,"reason":"FieldValueForbidden"}]}}}`

func definitionWith(schemas string) []byte {
	return []byte(`{"kind":"CustomResourceDefinition","apiVersion":"apiextensions.k8s.io/v1beta1","metadata":{"name":"toys.example.com"},
		"spec":{"group":"example.com","version":"v1","names":{"plural":"toys","singular":"toy","kind":"Toy","listKind":"ToyList"},"scope":"Cluster",` +
		schemas + `,"conversion":{"strategy":"None"},"preserveUnknownFields":false},
		"status":{"conditions":[],"acceptedNames":{"plural":"toys","kind":"Toy"},"storedVersions":["v1"]}}`)
}

func encode(t testing.TB, codec runtime.Encoder, obj runtime.Object) []byte {
	t.Helper()
	data, err := runtime.Encode(codec, obj)
	testutil.Check(t, err)
	return data
}

// TestPacked checks that clients and the storage get of a definition with packed schemas
// what they would get of the definition itself, alone and in a list.
func TestPacked(t *testing.T) {
	v1, v1beta1 := Codecs.LegacyCodec(apiextensionsv1.SchemeGroupVersion), Codecs.LegacyCodec(apiextensionsv1beta1.SchemeGroupVersion)
	for name, data := range map[string][]byte{
		"one schema for all versions": definitionWith(`"validation":{"openAPIV3Schema":` + richSchema + `},
			"versions":[{"name":"v1","served":true,"storage":true},{"name":"v2","served":false,"storage":false}]`),
		"a schema for each version": definitionWith(`"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":` + richSchema + `}},
			{"name":"v2","served":true,"storage":false,"schema":{"openAPIV3Schema":{"type":"object"}}},{"name":"v3","served":true,"storage":false}]`),
		"no schema": definitionWith(`"versions":[{"name":"v1","served":true,"storage":true}]`),
	} {
		want, got := decode(t, storageCodec(), data), decode(t, shareSchemas(storageCodec()), data)
		if hasPacked(got) != (name != "no schema") || hasPacked(want) {
			t.Errorf("%s: packed: %v", name, hasPacked(got))
		}
		for _, c := range []runtime.Encoder{v1, v1beta1} {
			if want, got := encode(t, c, want), encode(t, c, got); !bytes.Equal(got, want) {
				t.Errorf("%s: encoded as\n%s, not\n%s", name, got, want)
			}
			wants, gots := &internal.CustomResourceDefinitionList{}, &internal.CustomResourceDefinitionList{}
			wants.Items, gots.Items = append(wants.Items, *want), append(gots.Items, *got)
			if want, got := encode(t, c, wants), encode(t, c, gots.DeepCopy()); !bytes.Equal(got, want) {
				t.Errorf("%s: encoded in a list as\n%s, not\n%s", name, got, want)
			}
		}
	}
}

// TestSummary checks that a summary has everything but schemas and managed fields.
func TestSummary(t *testing.T) {
	crd := decode(t, shareSchemas(storageCodec()), revision("a toy", "Established"))
	summary, err := Summary(crd)
	testutil.Check(t, err)
	want := &apiextensionsv1.CustomResourceDefinition{}
	testutil.Check(t, Scheme.Convert(crd, want, nil))
	for i := range want.Spec.Versions {
		want.Spec.Versions[i].Schema = nil
	}
	if !apiequality.Semantic.DeepEqual(summary, want) {
		t.Errorf("the summary is %v, not %v", summary, want)
	}
	if !hasPacked(crd) {
		t.Error("the definition was changed")
	}
}

// TestDamagedSchema checks that a packed schema that cannot be read is an error.
func TestDamagedSchema(t *testing.T) {
	crd := decode(t, shareSchemas(storageCodec()), revision("a toy", "Established"))
	crd.Spec.Versions[0].Schema = &internal.CustomResourceValidation{OpenAPIV3Schema: &internal.JSONSchemaProps{Type: packedType, Description: "?"}}
	for _, version := range []runtime.Object{&apiextensionsv1.CustomResourceDefinition{}, &apiextensionsv1beta1.CustomResourceDefinition{}} {
		if err := Scheme.Convert(crd, version, nil); err == nil {
			t.Errorf("converted to a %T", version)
		}
	}
}
