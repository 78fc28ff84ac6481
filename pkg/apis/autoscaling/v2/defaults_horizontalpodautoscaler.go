package v2

import (
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

// defaultCPUUtilization is the utilization, in percent of the requested CPU,
// that an autoscaler without metrics aims at.
const defaultCPUUtilization = 80

// SetDefaults_HorizontalPodAutoscaler sets one replica at least, and the CPU
// utilization as the metric. It also drops the annotations that mean something
// in autoscaling/v1 only, so that they cannot contradict the fields.
func SetDefaults_HorizontalPodAutoscaler(obj *autoscalingv2.HorizontalPodAutoscaler) {
	obj.Annotations = WithoutV1Annotations(obj.Annotations)
	setDefault(&obj.Spec.MinReplicas, 1)
	SetDefaultMetrics(&obj.Spec)
}

// SetDefaultMetrics makes the CPU utilization the metric if there is none.
func SetDefaultMetrics(spec *autoscalingv2.HorizontalPodAutoscalerSpec) {
	if len(spec.Metrics) == 0 {
		spec.Metrics = []autoscalingv2.MetricSpec{CPUUtilization(defaultCPUUtilization)}
	}
}

// CPUUtilization is the metric of the pods' average use of CPU, in percent of
// what they request.
func CPUUtilization(percent int32) autoscalingv2.MetricSpec {
	return autoscalingv2.MetricSpec{
		Type: autoscalingv2.ResourceMetricSourceType,
		Resource: &autoscalingv2.ResourceMetricSource{
			Name:   corev1.ResourceCPU,
			Target: autoscalingv2.MetricTarget{Type: autoscalingv2.UtilizationMetricType, AverageUtilization: &percent},
		},
	}
}

// SetDefaults_HorizontalPodAutoscalerBehavior completes the rules for both
// directions. An autoscaler without a behavior keeps having none: its
// controller knows the same rules.
func SetDefaults_HorizontalPodAutoscalerBehavior(obj *autoscalingv2.HorizontalPodAutoscalerBehavior) {
	double := autoscalingv2.HPAScalingPolicy{Type: autoscalingv2.PercentScalingPolicy, Value: 100, PeriodSeconds: 15}
	four := autoscalingv2.HPAScalingPolicy{Type: autoscalingv2.PodsScalingPolicy, Value: 4, PeriodSeconds: 15}
	setRules(&obj.ScaleUp, four, double)
	setDefault(&obj.ScaleUp.StabilizationWindowSeconds, 0)
	// The stabilization window for scaling down is an option of the controller.
	setRules(&obj.ScaleDown, double)
}

// setRules completes the rules for one direction. An empty list of policies is
// not completed but a mistake.
func setRules(rules **autoscalingv2.HPAScalingRules, policies ...autoscalingv2.HPAScalingPolicy) {
	if *rules == nil {
		*rules = &autoscalingv2.HPAScalingRules{}
	}
	setDefault(&(*rules).SelectPolicy, autoscalingv2.MaxChangePolicySelect)
	if (*rules).Policies == nil {
		(*rules).Policies = policies
	}
}

// setDefault sets a field that has no value.
func setDefault[T any](field **T, value T) {
	if *field == nil {
		*field = ptr.To(value)
	}
}
