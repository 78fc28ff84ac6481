package validation

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

var root = field.NewPath("f")

// expect compares the texts of errors with those wanted, in order.
func expect(t *testing.T, errs field.ErrorList, want ...string) {
	t.Helper()
	for i, err := range errs {
		if i >= len(want) {
			t.Errorf("unexpected error: %v", err)
		} else if err.Error() != want[i] {
			t.Errorf("error %d:\n got %s\nwant %s", i, err, want[i])
		}
	}
	for _, w := range want[min(len(errs), len(want)):] {
		t.Errorf("no error, want %s", w)
	}
}

func TestResourceNames(t *testing.T) {
	for _, c := range []struct {
		name                                   corev1.ResourceName
		known, container, quota, native, extra bool
		integer                                bool
	}{
		{name: "cpu", known: true, container: true, quota: true, native: true},
		{name: "ephemeral-storage", known: true, container: true, quota: true, native: true},
		{name: "hugepages-2Mi", known: true, container: true, quota: true, native: true},
		{name: "requests.hugepages-2Mi", known: true, quota: true, native: true},
		{name: "limits.memory", known: true, quota: true, native: true},
		{name: "pods", known: true, quota: true, native: true, integer: true},
		{name: "storage", known: true, native: true},
		{name: "widgets", native: true},
		{name: "kubernetes.io/thing", known: true, container: true, quota: true, native: true},
		{name: "example.com/gpu", known: true, container: true, quota: true, extra: true, integer: true},
		{name: "count/deployments.apps", known: true, container: true, quota: true, extra: true, integer: true},
		{name: "requests.example.com/gpu", known: true, quota: true},
	} {
		t.Run(string(c.name), func(t *testing.T) {
			if got := len(ValidateResourceName(c.name, root)) == 0; got != c.known {
				t.Errorf("known: %v", got)
			}
			if got := len(ValidateContainerResourceName(c.name, root)) == 0; got != c.container {
				t.Errorf("container: %v", got)
			}
			if got := len(ValidateQuotaResourceName(c.name, root)) == 0; got != c.quota {
				t.Errorf("quota: %v", got)
			}
			if got := IsNativeResource(c.name); got != c.native {
				t.Errorf("native: %v", got)
			}
			if got := IsExtendedResourceName(c.name); got != c.extra {
				t.Errorf("extended: %v", got)
			}
			if got := IsIntegerResourceName(c.name); got != c.integer {
				t.Errorf("integer: %v", got)
			}
		})
	}
	expect(t, ValidateContainerResourceName("limitsKey", root),
		`f: Invalid value: "limitsKey": must be a standard resource type or fully qualified`,
		`f: Invalid value: "limitsKey": must be a standard resource for containers`)
	expect(t, ValidateContainerResourceName("requests.example.com/x", root),
		`f: Invalid value: "requests.example.com/x": doesn't follow extended resource name standard`)
}

func TestQuantities(t *testing.T) {
	for name, c := range map[string]struct {
		name corev1.ResourceName
		q    string
		want []string
	}{
		"fraction of a CPU":                {"cpu", "2m", nil},
		"negative":                         {"cpu", "-5", []string{`f: Invalid value: "-5": must be greater than or equal to 0`}},
		"fraction of a pod":                {"pods", "2m", []string{`f: Invalid value: "2m": must be an integer`}},
		"fraction of an extended resource": {"example.com/gpu", "1500m", []string{`f: Invalid value: "1500m": must be an integer`}},
	} {
		t.Run(name, func(t *testing.T) {
			expect(t, ValidateResourceQuantityValue(c.name, resource.MustParse(c.q), root), c.want...)
		})
	}
	expect(t, ValidatePositiveQuantity(resource.MustParse("0"), root), `f: Invalid value: "0": must be greater than zero`)
	expect(t, ValidateHugePageQuantity("hugepages-2Mi", resource.MustParse("4Mi"), root))
	expect(t, ValidateHugePageQuantity("memory", resource.MustParse("7"), root))
	for _, q := range []string{"7", "-5", "2m"} {
		expect(t, ValidateHugePageQuantity("hugepages-2Mi", resource.MustParse(q), root),
			`f: Invalid value: "`+q+`": `+q+` is not positive integer multiple of hugepages-2Mi`)
	}
	if _, err := HugePageSize("memory"); err == nil {
		t.Error("memory has a page size")
	}
}
