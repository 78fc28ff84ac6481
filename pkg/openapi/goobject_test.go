package openapi

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"sigs.k8s.io/structured-merge-diff/v6/typed"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
)

// TestCompareGoObjects changes a pod in many ways and compares it with what it was. The library has to find
// the same differences in the JSON of both.
func TestCompareGoObjects(t *testing.T) {
	converter := New("v1.0.0").TypeConverter(apis.Scheme)
	for _, tt := range []struct {
		name   string
		change func(*corev1.Pod)
		// same is true if there is no difference.
		same bool
	}{
		{"nothing", func(*corev1.Pod) {}, true},
		{"another copy of a quantity", func(p *corev1.Pod) {
			_ = p.Spec.Containers[0].Resources.Limits.Cpu().String()
			p.Spec.Containers[0].Resources.Limits = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1")}
		}, true},
		{"another form of a quantity", func(p *corev1.Pod) {
			p.Spec.Containers[0].Resources.Limits[corev1.ResourceCPU] = resource.MustParse("1000000m")
		}, false},
		{"a label", func(p *corev1.Pod) { p.Labels["b"] = "x" }, false},
		{"no labels", func(p *corev1.Pod) { p.Labels = nil }, false},
		{"an empty map of labels", func(p *corev1.Pod) { p.Labels = map[string]string{} }, false},
		{"a condition", func(p *corev1.Pod) { p.Status.Conditions[1].Status = corev1.ConditionTrue }, false},
		{"one more condition", func(p *corev1.Pod) {
			p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: "z"})
		}, false},
		{"no status", func(p *corev1.Pod) { p.Status = corev1.PodStatus{} }, false},
		{"no specification", func(p *corev1.Pod) { p.Spec = corev1.PodSpec{} }, false},
		{"no containers", func(p *corev1.Pod) { p.Spec.Containers = []corev1.Container{} }, false},
		{"a value behind a pointer", func(p *corev1.Pod) { *p.Spec.SecurityContext.RunAsUser = 4 }, false},
		{"no pointer", func(p *corev1.Pod) { p.Spec.SecurityContext.RunAsUser = nil }, false},
		{"a time", func(p *corev1.Pod) { p.CreationTimestamp = metav1.Unix(2, 0) }, false},
		{"the same time elsewhere", func(p *corev1.Pod) { p.CreationTimestamp.Time = p.CreationTimestamp.In(time.FixedZone("x", 3600)) }, true},
		{"a deeper list", func(p *corev1.Pod) { p.Spec.Containers[0].Env[0].Value = "x" }, false},
		{"a container twice", func(p *corev1.Pod) { p.Spec.Containers = append(p.Spec.Containers, p.Spec.Containers[0]) }, false},
		{"everything in the specification and the status", func(p *corev1.Pod) {
			p.Spec.NodeName, p.Spec.Containers[0].Image, p.Status.PodIP, p.Status.Conditions = "n", "i", "10.0.0.1", nil
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			changed := somePod()
			tt.change(changed)
			compared := compareTyped(t, converter, somePod(), changed)
			library := compareTyped(t, converter, inJSON(t, somePod()), inJSON(t, changed))
			if compared.String() != library.String() {
				t.Errorf("the difference is\n%s\nand in JSON\n%s", compared, library)
			}
			if compared.IsSame() != tt.same {
				t.Errorf("it is the same: %v, want %v", compared.IsSame(), tt.same)
			}
		})
	}
}

func somePod() *corev1.Pod {
	user := int64(3)
	return &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Name: "a", Labels: map[string]string{"b": "c"}, CreationTimestamp: metav1.Unix(1, 0)},
		Spec: corev1.PodSpec{
			Containers: []corev1.Container{{
				Name: "f", Env: []corev1.EnvVar{{Name: "g", Value: "h"}},
				Resources: corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1")}},
			}},
			SecurityContext: &corev1.PodSecurityContext{RunAsUser: &user},
		},
		Status: corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{{Type: "x"}, {Type: "y"}}},
	}
}

func inJSON(t *testing.T, object runtime.Object) runtime.Object {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	testutil.Check(t, err)
	return &unstructured.Unstructured{Object: content}
}

func compareTyped(t *testing.T, converter managedfields.TypeConverter, before, after runtime.Object) *typed.Comparison {
	left, err := converter.ObjectToTyped(before, typed.AllowDuplicates)
	testutil.Check(t, err)
	right, err := converter.ObjectToTyped(after, typed.AllowDuplicates)
	testutil.Check(t, err)
	compared, err := left.Compare(right)
	testutil.Check(t, err)
	return compared
}
