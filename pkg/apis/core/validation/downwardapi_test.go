package validation

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/sets"
)

func TestObjectFieldSelector(t *testing.T) {
	allowed := sets.New("metadata.name", "spec.nodeName")
	for _, c := range []struct {
		version, path string
		want          []string
	}{
		{"v1", "metadata.name", nil},
		{"v1", "spec.host", nil},
		{"v1", "metadata.labels['app.example.com/x']", nil},
		{"v1", "metadata.annotations['Example.com/X']", nil},
		{"", "metadata.name", []string{"f.apiVersion: Required value"}},
		{"v1", "", []string{"f.fieldPath: Required value"}},
		{"v2", "metadata.name", []string{`f.fieldPath: Invalid value: "metadata.name": error converting fieldPath: unsupported pod version: v2`}},
		{"v1", "metadata.uid", []string{`f.fieldPath: Unsupported value: "metadata.uid": supported values: "metadata.name", "spec.nodeName"`}},
		{"v1", "odd", []string{`f.fieldPath: Invalid value: "odd": error converting fieldPath: field label not supported: odd`}},
		{"v1", "metadata.labels['app']-x",
			[]string{`f.fieldPath: Invalid value: "metadata.labels['app']-x": error converting fieldPath: field label not supported: metadata.labels['app']-x`}},
		{"v1", "metadata.name['x']",
			[]string{`f.fieldPath: Invalid value: "metadata.name['x']": error converting fieldPath: field label does not support subscript: metadata.name['x']`}},
		{"v1", "metadata.labels['']", []string{"f: " + badLabelKey, "f: " + badLabelRE}},
	} {
		t.Run(c.version+" "+c.path, func(t *testing.T) {
			expect(t, ValidateObjectFieldSelector(&corev1.ObjectFieldSelector{APIVersion: c.version, FieldPath: c.path}, allowed, root), c.want...)
		})
	}
}

func TestResourceFieldSelector(t *testing.T) {
	for name, c := range map[string]struct {
		selector corev1.ResourceFieldSelector
		volume   bool
		want     []string
	}{
		"cpu":        {corev1.ResourceFieldSelector{Resource: "limits.cpu", Divisor: resource.MustParse("1m")}, false, nil},
		"memory":     {corev1.ResourceFieldSelector{Resource: "requests.memory", Divisor: resource.MustParse("1Mi")}, false, nil},
		"huge pages": {corev1.ResourceFieldSelector{Resource: "limits.hugepages-2Mi", Divisor: resource.MustParse("1Ki")}, false, nil},
		"volume":     {corev1.ResourceFieldSelector{Resource: "limits.cpu"}, true, []string{"f.containerName: Required value"}},
		"nothing":    {corev1.ResourceFieldSelector{}, false, []string{"f.resource: Required value"}},
		"unknown": {corev1.ResourceFieldSelector{Resource: "cpu"}, false,
			[]string{
				`f.resource: Unsupported value: "cpu": supported values: "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"`,
			}},
		"divisor": {corev1.ResourceFieldSelector{Resource: "limits.cpu", Divisor: resource.MustParse("7")}, false,
			[]string{`f.divisor: Invalid value: "limits.cpu": only divisor's values 1m and 1 are supported with the cpu resource`}},
		"storage divisor": {corev1.ResourceFieldSelector{Resource: "limits.ephemeral-storage", Divisor: resource.MustParse("7")}, false,
			[]string{
				`f.divisor: Invalid value: "limits.ephemeral-storage": only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the local ephemeral storage resource`,
			}},
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, ValidateResourceFieldSelector(&c.selector, ContainerResourceFields(), root, c.volume), c.want...)
		})
	}
}
