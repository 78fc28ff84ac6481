package quantities

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// TestContains has types with quantities at several depths, and without.
func TestContains(t *testing.T) {
	for _, tt := range []struct {
		name string
		t    reflect.Type
		want bool
	}{
		{"quantities", reflect.TypeFor[corev1.ResourceList](), true},
		{"pod", reflect.TypeFor[*corev1.Pod](), true},
		{"config map", reflect.TypeFor[corev1.ConfigMap](), false},
		{"text", reflect.TypeFor[string](), false},
		{"no type", nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Contains(tt.t); got != tt.want {
				t.Error(got)
			}
		})
	}
}

// exponent are numbers with an exponent of four digits or more.
var exponent = regexp.MustCompile(`^([+-]?[0-9.]+)[eE][+-]?0*[1-9][0-9]{3,}$`)

// FuzzCostly compares Costly with a regular expression, as a text and as the
// inside of a string in JSON.
func FuzzCostly(f *testing.F) {
	for _, text := range []string{"1e1000", " -1.5E+0001000\t", `1\u0065\u00310000`, "1e999", "1e1000x", "\u20031e1000"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if exponent.MatchString(strings.TrimSpace(text)) && !Costly(text, false) {
			t.Errorf("%q", text)
		}
		var value string
		if json.Unmarshal([]byte(`"`+text+`"`), &value) == nil && exponent.MatchString(strings.TrimSpace(value)) && !Costly(text, true) {
			t.Errorf("%q stands for %q", text, value)
		}
	})
}
