package conversion

import (
	"slices"
	"strconv"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

func TestAdd(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := Add(scheme, func(in *metav1.Status, out *metav1.PartialObjectMetadata) { out.Name = in.Message }); err != nil {
		t.Fatal(err)
	}
	out := &metav1.PartialObjectMetadata{}
	if err := scheme.Convert(&metav1.Status{Message: "m"}, out, nil); err != nil || out.Name != "m" {
		t.Errorf("got %q, %v", out.Name, err)
	}
}

func TestSlice(t *testing.T) {
	digits := func(in *int, out *string) { *out = strconv.Itoa(*in) }
	for name, c := range map[string]struct {
		in   []int
		want []string
	}{
		"nil stays nil":     {nil, nil},
		"empty stays empty": {[]int{}, []string{}},
		"in order":          {[]int{1, 2}, []string{"1", "2"}},
	} {
		if got := Slice(c.in, digits); !slices.Equal(got, c.want) || (got == nil) != (c.want == nil) {
			t.Errorf("%s: got %#v, want %#v", name, got, c.want)
		}
	}
}
