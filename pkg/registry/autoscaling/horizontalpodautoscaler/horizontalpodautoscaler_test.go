package horizontalpodautoscaler

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	featuregatetesting "k8s.io/component-base/featuregate/testing"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
	apisautoscalingv2 "github.com/gatehouse-k8s/gatehouse/pkg/apis/autoscaling/v2"
	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

func valid() *autoscalingv2.HorizontalPodAutoscaler {
	hpa := &autoscalingv2.HorizontalPodAutoscaler{
		ObjectMeta: metav1.ObjectMeta{Name: "hpa", Namespace: "default", ResourceVersion: "1"},
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			MaxReplicas:    9,
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "web"},
		},
	}
	apis.Scheme.Default(hpa)
	return hpa
}

// TestValidate compares errors with those of kube-apiserver v1.36.3, in which
// scaling to zero is disabled by default.
func TestValidate(t *testing.T) {
	featuregatetesting.SetFeatureGateDuringTest(t, features.Gate(), features.HPAScaleToZero, false)
	data, err := os.ReadFile("testdata/validation.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		var c struct {
			Name   string
			Spec   json.RawMessage
			Errors []string
		}
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		t.Run(c.Name, func(t *testing.T) {
			hpa := &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: metav1.ObjectMeta{Name: "hpa", Namespace: "default"}}
			if err := json.Unmarshal(c.Spec, &hpa.Spec); err != nil {
				t.Fatal(err)
			}
			apis.Scheme.Default(hpa)
			got := []string{}
			for _, err := range Resource.ValidateNew(t.Context(), hpa) {
				got = append(got, err.Error())
			}
			slices.Sort(got)
			if diff := cmp.Diff(c.Errors, got); diff != "" {
				t.Errorf("(-kube-apiserver +this server)\n%s", diff)
			}
		})
	}
}

func TestScaleToZero(t *testing.T) {
	const notZero, notNegative = "[spec.minReplicas: Invalid value: 0: must be greater than or equal to 1]",
		"[spec.minReplicas: Invalid value: -1: must be greater than or equal to 0]"
	for name, c := range map[string]struct {
		on       bool
		old, now int32
		want     string
	}{
		"off, zero stays":    {false, 0, 0, "[]"},
		"off, from zero":     {false, 0, 1, "[]"},
		"off, zero is new":   {false, 1, 0, notZero},
		"off, below zero":    {false, 0, -1, notNegative},
		"on, zero is new":    {true, 1, 0, "[]"},
		"on, still negative": {true, 1, -1, notNegative},
	} {
		t.Run(name, func(t *testing.T) {
			featuregatetesting.SetFeatureGateDuringTest(t, features.Gate(), features.HPAScaleToZero, c.on)
			hpa := valid()
			hpa.Spec.Metrics = []autoscalingv2.MetricSpec{{Type: autoscalingv2.ExternalMetricSourceType, External: &autoscalingv2.ExternalMetricSource{
				Metric: autoscalingv2.MetricIdentifier{Name: "queue"},
				Target: autoscalingv2.MetricTarget{Type: autoscalingv2.ValueMetricType, Value: resource.NewQuantity(1, resource.DecimalSI)},
			}}}
			old := hpa.DeepCopy()
			old.Spec.MinReplicas, hpa.Spec.MinReplicas = &c.old, &c.now
			if got := fmt.Sprint(Resource.ValidateChange(t.Context(), "", hpa, old)); got != c.want {
				t.Errorf("%s\nwant %s", got, c.want)
			}
			if got := declarativeConfig(hpa, old).Options["HPAScaleToZero"]; got != (c.on || c.old == 0) {
				t.Errorf("option %t", got)
			}
		})
	}
}

func TestStatus(t *testing.T) {
	old := valid()
	hpa := old.DeepCopy()
	hpa.Spec.MaxReplicas, hpa.Status.CurrentReplicas, hpa.Status.DesiredReplicas = 100, -1, -2
	Resource.PrepareChange(t.Context(), "status", hpa, old)
	if hpa.Spec.MaxReplicas != old.Spec.MaxReplicas || hpa.Status.CurrentReplicas != -1 {
		t.Errorf("prepared: %+v", hpa)
	}
	const want = "[status.currentReplicas: Invalid value: -1: must be greater than or equal to 0" +
		" status.desiredReplicas: Invalid value: -2: must be greater than or equal to 0]"
	if got := fmt.Sprint(Resource.ValidateChange(t.Context(), "status", hpa, old)); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	Resource.PrepareChange(t.Context(), "", hpa, old)
	if hpa.Status.CurrentReplicas != 0 {
		t.Errorf("an update changes the status: %+v", hpa.Status)
	}
	hpa.Status.CurrentReplicas = 1
	Resource.PrepareNew(t.Context(), hpa)
	if hpa.Status.CurrentReplicas != 0 {
		t.Errorf("a new object has a status: %+v", hpa.Status)
	}
}

func TestTolerances(t *testing.T) {
	some := ptr.To(resource.MustParse("50m"))
	for name, c := range map[string]struct {
		behavior *autoscalingv2.HorizontalPodAutoscalerBehavior
		want     bool
	}{
		"no behavior":   {nil, false},
		"no rules":      {&autoscalingv2.HorizontalPodAutoscalerBehavior{}, false},
		"no tolerance":  {&autoscalingv2.HorizontalPodAutoscalerBehavior{ScaleUp: &autoscalingv2.HPAScalingRules{}}, false},
		"of scaling up": {&autoscalingv2.HorizontalPodAutoscalerBehavior{ScaleUp: &autoscalingv2.HPAScalingRules{Tolerance: some}}, true},
		"of scaling down": {&autoscalingv2.HorizontalPodAutoscalerBehavior{
			ScaleUp: &autoscalingv2.HPAScalingRules{}, ScaleDown: &autoscalingv2.HPAScalingRules{Tolerance: some}}, true},
	} {
		hpa := valid()
		hpa.Spec.Behavior = c.behavior
		if tolerances(hpa, false) != c.want || tolerances(hpa, true) != c.want || tolerances(hpa, false) {
			t.Errorf("%s: %+v", name, hpa.Spec.Behavior)
		}
	}
}

func TestTargets(t *testing.T) {
	type (
		target = autoscalingv2.MetricTarget
		value  = autoscalingv2.MetricValueStatus
		specs  = []autoscalingv2.MetricSpec
		now    = []autoscalingv2.MetricStatus
	)
	n := func(s string) *resource.Quantity { return ptr.To(resource.MustParse(s)) }
	cpu := apisautoscalingv2.CPUUtilization(60)
	memory := autoscalingv2.MetricSpec{Type: autoscalingv2.ContainerResourceMetricSourceType,
		ContainerResource: &autoscalingv2.ContainerResourceMetricSource{Name: "memory", Target: target{AverageValue: n("100Mi")}}}
	pods := autoscalingv2.MetricSpec{Type: autoscalingv2.PodsMetricSourceType,
		Pods: &autoscalingv2.PodsMetricSource{Target: target{AverageValue: n("1k")}}}
	object := autoscalingv2.MetricSpec{Type: autoscalingv2.ObjectMetricSourceType,
		Object: &autoscalingv2.ObjectMetricSource{Target: target{Value: n("7")}}}
	external := autoscalingv2.MetricSpec{Type: autoscalingv2.ExternalMetricSourceType,
		External: &autoscalingv2.ExternalMetricSource{Target: target{AverageValue: n("3"), Value: n("5")}}}
	odd := autoscalingv2.MetricSpec{Type: "Odd"}
	untargeted := autoscalingv2.MetricSpec{Type: autoscalingv2.ResourceMetricSourceType, Resource: &autoscalingv2.ResourceMetricSource{Name: "cpu"}}

	cpuIs := autoscalingv2.MetricStatus{Resource: &autoscalingv2.ResourceMetricStatus{Current: value{AverageUtilization: ptr.To[int32](42)}}}
	memoryIs := func(v value) autoscalingv2.MetricStatus {
		return autoscalingv2.MetricStatus{ContainerResource: &autoscalingv2.ContainerResourceMetricStatus{Current: v}}
	}
	podsAre := autoscalingv2.MetricStatus{Pods: &autoscalingv2.PodsMetricStatus{Current: value{AverageValue: n("210m")}}}
	objectIs := func(v value) autoscalingv2.MetricStatus {
		return autoscalingv2.MetricStatus{Object: &autoscalingv2.ObjectMetricStatus{Current: v}}
	}
	externalIs := func(v value) autoscalingv2.MetricStatus {
		return autoscalingv2.MetricStatus{External: &autoscalingv2.ExternalMetricStatus{Current: v}}
	}
	for name, c := range map[string]struct {
		metrics specs
		current now
		want    string
	}{
		"no metrics":                 {nil, nil, "<none>"},
		"no utilization":             {specs{cpu}, nil, "cpu: <unknown>/60%"},
		"utilization":                {specs{cpu}, now{cpuIs}, "cpu: 42%/60%"},
		"utilization without target": {specs{untargeted}, nil, "cpu: <unknown>/<auto>"},
		"container":                  {specs{memory}, now{memoryIs(value{AverageValue: n("90Mi")})}, "memory: 90Mi/100Mi"},
		"container without value":    {specs{memory}, now{memoryIs(value{})}, "memory: <nil>/100Mi"},
		"pods":                       {specs{pods}, now{podsAre}, "210m/1k"},
		"status of another source":   {specs{pods}, now{memoryIs(value{AverageValue: n("90Mi")})}, "<unknown>/1k"},
		"object unknown":             {specs{object}, nil, "<unknown>/7"},
		"object":                     {specs{object}, now{objectIs(value{Value: n("5")})}, "5/7"},
		"object without value":       {specs{object}, now{objectIs(value{AverageValue: n("5")})}, "<nil>/7"},
		"external":                   {specs{external}, now{externalIs(value{AverageValue: n("2"), Value: n("9")})}, "2/3 (avg)"},
		"external without average":   {specs{external}, now{externalIs(value{Value: n("9")})}, "<unknown>/3 (avg)"},
		"two":                        {specs{cpu, pods}, now{cpuIs, podsAre}, "cpu: 42%/60%, 210m/1k"},
		"four":                       {specs{cpu, pods, object, external}, nil, "cpu: <unknown>/60%, <unknown>/1k + 2 more..."},
		"unknown type":               {specs{odd}, nil, "<unknown type>"},
	} {
		if got := formatTargets(c.metrics, c.current); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
