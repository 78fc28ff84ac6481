package configmap

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

func configMap(change func(*corev1.ConfigMap)) *corev1.ConfigMap {
	c := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "c", Namespace: "n", ResourceVersion: "1"},
		Data:       map[string]string{"a": "b"}, BinaryData: map[string][]byte{"c": {0}},
	}
	change(c)
	return c
}

func TestValidate(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*corev1.ConfigMap)
		want   string
	}{
		"valid": {func(*corev1.ConfigMap) {}, ""},
		"keys": {func(c *corev1.ConfigMap) { c.Data["a/b"] = ""; c.BinaryData[".."] = nil },
			`[data[a/b]: Invalid value: "a/b": a valid config key must consist of`},
		"twice": {func(c *corev1.ConfigMap) { c.BinaryData["a"] = nil }, `data[a]: Invalid value: "a": duplicate of key present in binaryData`},
		"large": {func(c *corev1.ConfigMap) { c.Data["a"] = strings.Repeat("x", corev1.MaxSecretSize) },
			"[]: Too long: may not be more than 1048576 bytes"},
	} {
		got := ""
		if errs := Resource.ValidateNew(t.Context(), configMap(c.change)); len(errs) > 0 {
			got = errs.ToAggregate().Error()
		}
		if got != c.want && (c.want == "" || !strings.HasPrefix(got, c.want)) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestImmutable(t *testing.T) {
	old := configMap(func(c *corev1.ConfigMap) { c.Immutable = ptr.To(true) })
	if errs := Resource.ValidateChange(t.Context(), "",
		configMap(func(c *corev1.ConfigMap) { c.Immutable = ptr.To(true); c.Labels = map[string]string{"l": "x"} }), old); len(errs) > 0 {
		t.Errorf("other labels: %v", errs)
	}
	errs := Resource.ValidateChange(t.Context(), "", configMap(func(c *corev1.ConfigMap) { c.Data["a"] = "x"; delete(c.BinaryData, "c") }), old)
	const want = "[immutable: Forbidden: " + frozen + ", data: Forbidden: " + frozen + ", binaryData: Forbidden: " + frozen + "]"
	if got := errs.ToAggregate().Error(); got != want {
		t.Errorf("changed: %s, want %s", got, want)
	}
}
