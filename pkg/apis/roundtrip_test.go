package apis

import (
	"math/rand"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	resourcev1beta1 "k8s.io/api/resource/v1beta1"
	"k8s.io/apimachinery/pkg/api/apitesting/fuzzer"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metafuzzer "k8s.io/apimachinery/pkg/apis/meta/fuzzer"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/runtime/serializer/cbor"
	"sigs.k8s.io/randfill"
)

// rounds is the number of random objects of each kind.
const rounds = 50

// lossy are the kinds whose conversion is not the inverse of the one to the hub:
// what autoscaling/v1 has no field for is in annotations, which its own tests
// convert; certificates.k8s.io/v1 leaves out two fields of the beta version; and
// not every random slice of resource.k8s.io/v1beta1 can be one of the hub, whose
// package converts those that can.
var lossy = map[schema.GroupVersionKind]bool{
	autoscalingv1.SchemeGroupVersion.WithKind("HorizontalPodAutoscaler"):     true,
	autoscalingv1.SchemeGroupVersion.WithKind("HorizontalPodAutoscalerList"): true,
	certificatesv1.SchemeGroupVersion.WithKind("PodCertificateRequest"):      true,
	certificatesv1.SchemeGroupVersion.WithKind("PodCertificateRequestList"):  true,
	resourcev1beta1.SchemeGroupVersion.WithKind("ResourceSlice"):             true,
	resourcev1beta1.SchemeGroupVersion.WithKind("ResourceSliceList"):         true,
}

// TestRoundTrips fills objects of every type with random values. They must be the
// same after each of the encodings, and after the conversion to the hub and back.
func TestRoundTrips(t *testing.T) {
	encodings := map[string]runtime.Serializer{"cbor": cbor.NewSerializer(Scheme, Scheme)}
	for _, info := range Codecs.SupportedMediaTypes() {
		encodings[info.MediaType] = info.Serializer
	}
	for gvk, goType := range Scheme.AllKnownTypes() {
		if gvk.Version == runtime.APIVersionInternal || !HasHub(goType) {
			continue
		}
		t.Run(gvk.String(), func(t *testing.T) {
			t.Parallel()
			// The seed is fixed: a failure can be seen again.
			filler := fuzzer.FuzzerFor(fuzzer.MergeFuzzerFuncs(metafuzzer.Funcs, values), rand.NewSource(1), Codecs)
			for range rounds {
				object := reflect.New(goType).Interface().(runtime.Object)
				filler.Fill(object)
				object.GetObjectKind().SetGroupVersionKind(gvk)
				for name, encoding := range encodings {
					checkEncoding(t, name, encoding, object)
				}
				if !lossy[gvk] {
					checkConversion(t, gvk, object, filler)
				}
				if t.Failed() {
					return
				}
			}
		})
	}
}

// values fills the types for which not every value can be encoded.
func values(serializer.CodecFactory) []any {
	return []any{
		func(raw *runtime.RawExtension, c randfill.Continue) {
			raw.Raw = []byte(`{"apiVersion":"example.com/v1","kind":"Thing","number":` + strings.Repeat("7", 1+c.Intn(9)) + `}`)
		},
	}
}

func checkEncoding(t *testing.T, name string, encoding runtime.Serializer, object runtime.Object) {
	t.Helper()
	data, err := runtime.Encode(encoding, object)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	got, err := runtime.Decode(encoding, data)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if !apiequality.Semantic.DeepEqual(object, got) {
		t.Errorf("%s: %s", name, cmp.Diff(object, got))
	}
}

// checkConversion converts an object of a version to the hub and back, and one of
// the hub to the version and back.
func checkConversion(t *testing.T, gvk schema.GroupVersionKind, object runtime.Object, filler *randfill.Filler) {
	t.Helper()
	internal := schema.GroupVersion{Group: gvk.Group, Version: runtime.APIVersionInternal}
	hub, err := Scheme.New(internal.WithKind(gvk.Kind))
	if err != nil {
		t.Fatal(err)
	}
	filler.Fill(hub)
	for _, from := range []struct {
		object       runtime.Object
		there, again schema.GroupVersion
	}{{object, internal, gvk.GroupVersion()}, {hub, gvk.GroupVersion(), internal}} {
		there, err := Scheme.ConvertToVersion(from.object.DeepCopyObject(), from.there)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Scheme.ConvertToVersion(there, from.again)
		if err != nil {
			t.Fatal(err)
		}
		from.object.GetObjectKind().SetGroupVersionKind(got.GetObjectKind().GroupVersionKind())
		if !apiequality.Semantic.DeepEqual(from.object, got) {
			t.Errorf("by %s: %s", from.there, cmp.Diff(from.object, got))
		}
	}
}
