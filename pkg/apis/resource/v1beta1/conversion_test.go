package v1beta1_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	resourcev1 "k8s.io/api/resource/v1"
	resourcev1beta1 "k8s.io/api/resource/v1beta1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/randfill"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
)

// TestRecordedConversions decodes objects and encodes them in three versions. The
// results must be equal to the recorded ones of kube-apiserver v1.36.3.
func TestRecordedConversions(t *testing.T) {
	data, err := os.ReadFile("testdata/conversions.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		var c map[string]json.RawMessage
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		t.Run(string(c["name"]), func(t *testing.T) {
			hub := schema.GroupVersion{Group: resourcev1.GroupName, Version: runtime.APIVersionInternal}
			obj, err := runtime.Decode(apis.Codecs.UniversalDecoder(hub), c["object"])
			if err != nil {
				t.Fatal(err)
			}
			for _, version := range []string{"v1", "v1beta2", "v1beta1"} {
				got, err := runtime.Encode(apis.Codecs.LegacyCodec(schema.GroupVersion{Group: resourcev1.GroupName, Version: version}), obj)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(unmarshal(t, c[version]), unmarshal(t, got)); diff != "" {
					t.Errorf("as %s (-kube-apiserver +this server):\n%s", version, diff)
				}
			}
		})
	}
}

func unmarshal(t *testing.T, data []byte) (value map[string]any) {
	t.Helper()
	if err := json.Unmarshal(data, &value); err != nil {
		t.Fatal(err)
	}
	delete(value["metadata"].(map[string]any), "creationTimestamp")
	return value
}

// TestNothingIsLost converts random objects of the hub to v1beta1 and back.
func TestNothingIsLost(t *testing.T) {
	for i := range 200 {
		fill := randfill.NewWithSeed(int64(i)).NilChance(0.3).NumElements(0, 3).Funcs(
			func(d *runtime.RawExtension, c randfill.Continue) { d.Raw = fmt.Appendf(nil, `{"a":%d}`, c.Intn(9)) },
			// What v1 can say and v1beta1 cannot is not valid.
			func(s *resourcev1.ResourceSliceSpec, c randfill.Continue) {
				c.FillNoCustom(s)
				if s.NodeName != nil && *s.NodeName == "" {
					s.NodeName = nil
				}
				if s.AllNodes != nil && !*s.AllNodes {
					s.AllNodes = nil
				}
			},
			func(r *resourcev1.ExactDeviceRequest, c randfill.Continue) {
				c.FillNoCustom(r)
				r.DeviceClassName = "class" + r.DeviceClassName
			},
		)
		for _, pair := range [][2]any{
			{&resourcev1.ResourceSlice{}, &resourcev1beta1.ResourceSlice{}}, {&resourcev1.ResourceClaim{}, &resourcev1beta1.ResourceClaim{}},
			{&resourcev1.ResourceClaimTemplate{}, &resourcev1beta1.ResourceClaimTemplate{}}, {&resourcev1.DeviceClass{}, &resourcev1beta1.DeviceClass{}},
		} {
			hub, converted := pair[0].(runtime.Object), pair[1]
			fill.Fill(hub)
			hub.GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{})
			back := reflect.New(reflect.TypeOf(hub).Elem()).Interface().(runtime.Object)
			if err := apis.Scheme.Convert(hub, converted, nil); err != nil {
				t.Fatal(err)
			}
			if err := apis.Scheme.Convert(converted, back, nil); err != nil {
				t.Fatal(err)
			}
			if !apiequality.Semantic.DeepEqual(hub, back) {
				t.Fatalf("seed %d: %s", i, cmp.Diff(hub, back))
			}
		}
	}
}
