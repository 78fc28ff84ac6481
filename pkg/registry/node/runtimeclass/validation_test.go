package runtimeclass

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	featuregatetesting "k8s.io/component-base/featuregate/testing"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

func runtimeClass(change func(*nodev1.RuntimeClass)) *nodev1.RuntimeClass {
	c := &nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: "c", ResourceVersion: "1"}, Handler: "h"}
	change(c)
	return c
}

func handler(name string) func(*nodev1.RuntimeClass) {
	return func(c *nodev1.RuntimeClass) { c.Handler = name }
}

func overhead(name corev1.ResourceName, quantity string) func(*nodev1.RuntimeClass) {
	return func(c *nodev1.RuntimeClass) {
		c.Overhead = &nodev1.Overhead{PodFixed: corev1.ResourceList{name: resource.MustParse(quantity)}}
	}
}

func tolerations(list ...corev1.Toleration) func(*nodev1.RuntimeClass) {
	return func(c *nodev1.RuntimeClass) { c.Scheduling = &nodev1.Scheduling{Tolerations: list} }
}

func check(t *testing.T, errs field.ErrorList, want ...string) {
	t.Helper()
	var got []string
	for _, err := range errs {
		got = append(got, err.Error())
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestValidate has answers of kube-apiserver that are not among the recorded ones.
func TestValidate(t *testing.T) {
	evicted := func(seconds int64) corev1.Toleration {
		return corev1.Toleration{Key: "a", Operator: "Exists", Effect: "NoExecute", TolerationSeconds: ptr.To(seconds)}
	}
	const twice = `{"Key":"a","Operator":"Exists","Value":"","Effect":"NoExecute","TolerationSeconds":6}`
	for name, c := range map[string]struct {
		change func(*nodev1.RuntimeClass)
		want   []string
	}{
		"minimal":           {handler("h"), nil},
		"no handler":        {handler(""), []string{"handler: Required value"}},
		"dot in handler":    {handler("a.b"), []string{`handler: Invalid value: "a.b": must not contain dots`}},
		"empty parts":       {func(c *nodev1.RuntimeClass) { c.Overhead, c.Scheduling = &nodev1.Overhead{}, &nodev1.Scheduling{} }, nil},
		"overhead":          {overhead("memory", "500m"), nil},
		"overhead of pods":  {overhead("pods", "1"), []string{`overhead.limits[pods]: Invalid value: "pods": must be a standard resource for containers`}},
		"divided resource":  {overhead("example.com/x", "500m"), []string{`overhead.limits[example.com/x]: Invalid value: "500m": must be an integer`}},
		"huge pages alone":  {overhead("hugepages-2Mi", "2Mi"), []string{"overhead: Forbidden: HugePages require cpu or memory"}},
		"effects differ":    {tolerations(corev1.Toleration{Key: "a"}, corev1.Toleration{Key: "a", Effect: "NoSchedule"}), nil},
		"operator spelled":  {tolerations(corev1.Toleration{Key: "a"}, corev1.Toleration{Key: "a", Operator: "Equal"}), nil},
		"only seconds vary": {tolerations(evicted(5), evicted(6)), []string{"scheduling.tolerations[1]: Duplicate value: " + twice}},
		"node selector": {func(c *nodev1.RuntimeClass) {
			c.Scheduling = &nodev1.Scheduling{NodeSelector: map[string]string{"k": "-"}}
		},
			[]string{`scheduling.nodeSelector: Invalid value: "-": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', ` +
				`and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', ` +
				`regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`}},
		"finalizer without a domain": {func(c *nodev1.RuntimeClass) { c.Finalizers = []string{"abc"} }, nil},
	} {
		t.Run(name, func(t *testing.T) { check(t, Resource.ValidateNew(t.Context(), runtimeClass(c.change)), c.want...) })
	}
}

// TestNumbersAreNotCompared: the gate is for pods alone.
func TestNumbersAreNotCompared(t *testing.T) {
	featuregatetesting.SetFeatureGateDuringTest(t, features.Gate(), features.TaintTolerationComparisonOperators, true)
	compares := runtimeClass(tolerations(corev1.Toleration{Key: "a", Operator: "Gt", Value: "5"}))
	check(t, Resource.ValidateNew(t.Context(), compares),
		`scheduling.tolerations[0].operator: Unsupported value: "Gt": supported values: "Equal", "Exists", "Lt", "Gt"`)
}

func TestValidateUpdate(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*nodev1.RuntimeClass)
		want   []string
	}{
		"overhead":   {overhead("cpu", "1"), nil},
		"handler":    {handler("x"), []string{`handler: Invalid value: "x": field is immutable`}},
		"no handler": {handler(""), []string{"handler: Required value", `handler: Invalid value: "": field is immutable`}},
	} {
		t.Run(name, func(t *testing.T) {
			check(t, Resource.ValidateChange(t.Context(), "", runtimeClass(c.change), runtimeClass(handler("h"))), c.want...)
		})
	}
}

// TestNoDefaults: a pod's overhead is rounded up to what is counted, that of a
// class is not.
func TestNoDefaults(t *testing.T) {
	c := runtimeClass(overhead("cpu", "100u"))
	apis.Scheme.Default(c)
	if cpu := c.Overhead.PodFixed["cpu"]; cpu.String() != "100u" {
		t.Errorf("overhead of %s", cpu.String())
	}
}

// TestGeneration checks that it is the client's, and that no change counts.
func TestGeneration(t *testing.T) {
	old := runtimeClass(func(c *nodev1.RuntimeClass) { c.Generation = 7 })
	Resource.PrepareNew(t.Context(), old)
	changed := old.DeepCopy()
	overhead("cpu", "1")(changed)
	Resource.PrepareChange(t.Context(), "", changed, old)
	if old.Generation != 7 || changed.Generation != 7 {
		t.Errorf("generation %d of the new object, %d of the changed one", old.Generation, changed.Generation)
	}
}
