package apiextensions

import (
	"fmt"
	goruntime "runtime"
	"strings"
	"testing"
	"time"

	internal "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1beta1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// revision returns a stored definition. Its schema contains the description,
// and its status the condition.
func revision(description, condition string) []byte {
	return fmt.Appendf(nil, `{"kind":"CustomResourceDefinition","apiVersion":"apiextensions.k8s.io/v1beta1",
		"metadata":{"name":"toys.example.com","resourceVersion":"7"},
		"spec":{"group":"example.com","names":{"plural":"toys","singular":"toy","kind":"Toy","listKind":"ToyList"},"scope":"Cluster",
			"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","description":%q}}},
				{"name":"v2","served":true,"storage":false,"schema":{"openAPIV3Schema":{"type":"object"}}},
				{"name":"v3","served":true,"storage":false}],
			"conversion":{"strategy":"None"},"preserveUnknownFields":false},
		"status":{"conditions":[{"type":%q,"status":"True"}],"acceptedNames":{"plural":"toys","kind":"Toy"},"storedVersions":["v1"]}}`, description, condition)
}

func storageCodec() runtime.Codec {
	return Codecs.LegacyCodec(apiextensionsv1beta1.SchemeGroupVersion)
}

func decode(t testing.TB, codec runtime.Codec, data []byte) *internal.CustomResourceDefinition {
	t.Helper()
	obj, _, err := codec.Decode(data, nil, nil)
	testutil.Check(t, err)
	return obj.(*internal.CustomResourceDefinition)
}

func packedCopy(t testing.TB, crd *internal.CustomResourceDefinition) *internal.CustomResourceDefinition {
	t.Helper()
	crd = crd.DeepCopy()
	testutil.Check(t, packSpec(&crd.Spec))
	return crd
}

func TestSharedSchemas(t *testing.T) {
	codec := shareSchemas(storageCodec()).(*sharedSchemas)
	first := decode(t, codec, revision("a toy", "NamesAccepted"))
	for name, c := range map[string]struct {
		data   []byte
		shares bool
	}{
		"same":                    {revision("a toy", "NamesAccepted"), true},
		"another status":          {revision("a toy", "Established"), true},
		"other metadata":          {[]byte(strings.Replace(string(revision("a toy", "x")), `"7"`, `"8","finalizers":["f"]`, 1)), true},
		"another schema":          {revision("a game", "NamesAccepted"), false},
		"without stored versions": {[]byte(strings.Replace(string(revision("a toy", "x")), `,"storedVersions":["v1"]`, "", 1)), false},
	} {
		got, want := decode(t, codec, c.data), packedCopy(t, decode(t, storageCodec(), c.data))
		if !apiequality.Semantic.DeepEqual(got, want) {
			t.Errorf("%s: decoded %+v, want %+v", name, got, want)
		}
		into := &internal.CustomResourceDefinition{}
		_, _, err := codec.Decode(c.data, nil, into)
		testutil.Check(t, err)
		if !apiequality.Semantic.DeepEqual(into.Spec, want.Spec) {
			t.Errorf("%s: decoded into an object: %+v, want %+v", name, into, want)
		}
		if shares := got.Spec.Versions[0].Schema == first.Spec.Versions[0].Schema; shares != c.shares {
			t.Errorf("%s: shares the schema: %v", name, shares)
		}
		got.Spec.Versions[0].Name = "changed" // the versions themselves are not shared
	}
	if first.Spec.Versions[0].Name != "v1" {
		t.Error("the versions are shared")
	}
	for _, data := range []string{"{", `{"kind":"CustomResourceDefinition","apiVersion":"apiextensions.k8s.io/v9","spec":{},"status":{"storedVersions":["v1"]}}`} {
		if _, _, err := codec.Decode([]byte(data), nil, nil); err == nil {
			t.Errorf("decoded %s", data)
		}
	}
	goruntime.KeepAlive(first)
}

// TestSchemasAreForgotten checks that the codec itself keeps no schema in
// memory.
func TestSchemasAreForgotten(t *testing.T) {
	codec := shareSchemas(storageCodec()).(*sharedSchemas)
	for i := range 10 {
		decode(t, codec, revision(fmt.Sprint("toy ", i), "Established"))
	}
	known := func() int {
		codec.mu.Lock()
		defer codec.mu.Unlock()
		return len(codec.specs)
	}
	for end := time.Now().Add(30 * time.Second); known() > 0; time.Sleep(time.Millisecond) {
		goruntime.GC()
		if time.Now().After(end) {
			t.Fatalf("%d specs are still known", known())
		}
	}
}
