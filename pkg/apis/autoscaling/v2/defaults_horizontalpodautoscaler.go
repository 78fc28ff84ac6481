package v2

import (
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

// defaultCPUUtilization is the target utilization of an autoscaler without
// metrics, in percent of the CPU requests.
const defaultCPUUtilization = 80

// SetDefaults_HorizontalPodAutoscaler sets the minimum number of replicas to 1,
// and the default metric. It also removes the annotations that have a meaning
// only in autoscaling/v1, so that they cannot contradict the fields.
func SetDefaults_HorizontalPodAutoscaler(obj *autoscalingv2.HorizontalPodAutoscaler) {
	obj.Annotations = WithoutV1Annotations(obj.Annotations)
	setDefault(&obj.Spec.MinReplicas, 1)
	SetDefaultMetrics(&obj.Spec)
}

// SetDefaultMetrics sets the metric to the CPU utilization if there is none.
func SetDefaultMetrics(spec *autoscalingv2.HorizontalPodAutoscalerSpec) {
	if len(spec.Metrics) == 0 {
		spec.Metrics = []autoscalingv2.MetricSpec{CPUUtilization(defaultCPUUtilization)}
	}
}

// CPUUtilization returns the metric for the average CPU usage of the pods, in
// percent of their requests.
func CPUUtilization(percent int32) autoscalingv2.MetricSpec {
	return autoscalingv2.MetricSpec{
		Type: autoscalingv2.ResourceMetricSourceType,
		Resource: &autoscalingv2.ResourceMetricSource{
			Name:   corev1.ResourceCPU,
			Target: autoscalingv2.MetricTarget{Type: autoscalingv2.UtilizationMetricType, AverageUtilization: &percent},
		},
	}
}

// SetDefaults_HorizontalPodAutoscalerBehavior completes the rules for scaling
// up and down. If there is no behavior at all, none is set, because the
// controller has the same defaults.
func SetDefaults_HorizontalPodAutoscalerBehavior(obj *autoscalingv2.HorizontalPodAutoscalerBehavior) {
	double := autoscalingv2.HPAScalingPolicy{Type: autoscalingv2.PercentScalingPolicy, Value: 100, PeriodSeconds: 15}
	four := autoscalingv2.HPAScalingPolicy{Type: autoscalingv2.PodsScalingPolicy, Value: 4, PeriodSeconds: 15}
	setRules(&obj.ScaleUp, four, double)
	setDefault(&obj.ScaleUp.StabilizationWindowSeconds, 0)
	// The default stabilization window for scaling down is a flag of the
	// controller.
	setRules(&obj.ScaleDown, double)
}

// setRules completes the rules for scaling in one direction. An empty list of
// policies is left unchanged, because it is an error that the validation
// reports.
func setRules(rules **autoscalingv2.HPAScalingRules, policies ...autoscalingv2.HPAScalingPolicy) {
	if *rules == nil {
		*rules = &autoscalingv2.HPAScalingRules{}
	}
	setDefault(&(*rules).SelectPolicy, autoscalingv2.MaxChangePolicySelect)
	if (*rules).Policies == nil {
		(*rules).Policies = policies
	}
}

// setDefault sets a field if it is nil.
func setDefault[T any](field **T, value T) {
	if *field == nil {
		*field = ptr.To(value)
	}
}
