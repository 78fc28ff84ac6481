package v2

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

func TestSpecDefaults(t *testing.T) {
	for name, c := range map[string]struct {
		in, want autoscalingv2.HorizontalPodAutoscalerSpec
	}{
		"nothing said": {
			autoscalingv2.HorizontalPodAutoscalerSpec{},
			autoscalingv2.HorizontalPodAutoscalerSpec{MinReplicas: ptr.To[int32](1), Metrics: []autoscalingv2.MetricSpec{CPUUtilization(80)}},
		},
		"no metrics": {
			autoscalingv2.HorizontalPodAutoscalerSpec{MinReplicas: ptr.To[int32](0), Metrics: []autoscalingv2.MetricSpec{}},
			autoscalingv2.HorizontalPodAutoscalerSpec{MinReplicas: ptr.To[int32](0), Metrics: []autoscalingv2.MetricSpec{CPUUtilization(80)}},
		},
		"all said": {
			autoscalingv2.HorizontalPodAutoscalerSpec{MinReplicas: ptr.To[int32](2), Metrics: []autoscalingv2.MetricSpec{CPUUtilization(5)}},
			autoscalingv2.HorizontalPodAutoscalerSpec{MinReplicas: ptr.To[int32](2), Metrics: []autoscalingv2.MetricSpec{CPUUtilization(5)}},
		},
	} {
		hpa := &autoscalingv2.HorizontalPodAutoscaler{Spec: c.in}
		SetObjectDefaults_HorizontalPodAutoscaler(hpa)
		if diff := cmp.Diff(c.want, hpa.Spec); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestBehaviorDefaults(t *testing.T) {
	type (
		behavior = autoscalingv2.HorizontalPodAutoscalerBehavior
		rules    = autoscalingv2.HPAScalingRules
		policies = []autoscalingv2.HPAScalingPolicy
	)
	disabled, most := ptr.To(autoscalingv2.DisabledPolicySelect), ptr.To(autoscalingv2.MaxChangePolicySelect)
	double := autoscalingv2.HPAScalingPolicy{Type: autoscalingv2.PercentScalingPolicy, Value: 100, PeriodSeconds: 15}
	four := autoscalingv2.HPAScalingPolicy{Type: autoscalingv2.PodsScalingPolicy, Value: 4, PeriodSeconds: 15}
	up := &rules{StabilizationWindowSeconds: ptr.To[int32](0), SelectPolicy: most, Policies: policies{four, double}}
	down := &rules{SelectPolicy: most, Policies: policies{double}}
	for name, c := range map[string]struct{ in, want *behavior }{
		"none":    {nil, nil},
		"nothing": {&behavior{}, &behavior{ScaleUp: up, ScaleDown: down}},
		"one direction": {
			&behavior{ScaleDown: &rules{SelectPolicy: disabled, StabilizationWindowSeconds: ptr.To[int32](7)}},
			&behavior{ScaleUp: up, ScaleDown: &rules{SelectPolicy: disabled, StabilizationWindowSeconds: ptr.To[int32](7), Policies: policies{double}}},
		},
		"empty policies stay": {
			&behavior{ScaleDown: &rules{Policies: policies{}}},
			&behavior{ScaleUp: up, ScaleDown: &rules{SelectPolicy: most, Policies: policies{}}},
		},
	} {
		hpa := &autoscalingv2.HorizontalPodAutoscaler{Spec: autoscalingv2.HorizontalPodAutoscalerSpec{Behavior: c.in}}
		SetObjectDefaults_HorizontalPodAutoscaler(hpa)
		if diff := cmp.Diff(c.want, hpa.Spec.Behavior); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestV1AnnotationsAreDropped(t *testing.T) {
	for name, c := range map[string]struct{ in, want map[string]string }{
		"none":        {nil, nil},
		"others stay": {map[string]string{"a": "b", MetricsAnnotation: "[]"}, map[string]string{"a": "b"}},
		"no others":   {map[string]string{MetricsAnnotation: "x", CurrentMetricsAnnotation: "", ConditionsAnnotation: "x", BehaviorAnnotation: "x"}, nil},
	} {
		hpa := &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: metav1.ObjectMeta{Annotations: c.in}}
		SetObjectDefaults_HorizontalPodAutoscaler(hpa)
		if diff := cmp.Diff(c.want, hpa.Annotations); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
