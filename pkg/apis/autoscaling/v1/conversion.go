package v1

import (
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/conversion"

	apisautoscalingv2 "github.com/gatehouse-k8s/gatehouse/pkg/apis/autoscaling/v2"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
)

// Convert_v1_HorizontalPodAutoscaler_To_v2_HorizontalPodAutoscaler moves the
// values of annotations to the fields that v2 has for them. The metric of
// targetCPUUtilizationPercentage follows those of the annotation. If there is
// no metric at all, the conversion adds the default metric. Like in
// kube-apiserver, this does not happen when defaults are set: server-side apply
// converts objects from which fields have been removed, and a metric that v2
// requires must not disappear.
func Convert_v1_HorizontalPodAutoscaler_To_v2_HorizontalPodAutoscaler(
	in *autoscalingv1.HorizontalPodAutoscaler, out *autoscalingv2.HorizontalPodAutoscaler, s conversion.Scope,
) error {
	if err := autoConvert_v1_HorizontalPodAutoscaler_To_v2_HorizontalPodAutoscaler(in, out, s); err != nil {
		return err
	}
	out.Annotations = apisautoscalingv2.WithoutV1Annotations(in.Annotations)
	if specs, ok := annotated[[]autoscalingv1.MetricSpec](in, apisautoscalingv2.MetricsAnnotation); ok {
		metrics, err := convertAll(specs, s, Convert_v1_MetricSpec_To_v2_MetricSpec)
		if err != nil {
			return err
		}
		out.Spec.Metrics = append(metrics, out.Spec.Metrics...)
	}
	apisautoscalingv2.SetDefaultMetrics(&out.Spec)
	out.Spec.Behavior = behaviorOf(in)
	if statuses, ok := annotated[[]autoscalingv1.MetricStatus](in, apisautoscalingv2.CurrentMetricsAnnotation); ok {
		metrics, err := convertAll(statuses, s, Convert_v1_MetricStatus_To_v2_MetricStatus)
		if err != nil {
			return err
		}
		out.Status.CurrentMetrics = metrics
	}
	if conditions, ok := annotated[[]autoscalingv1.HorizontalPodAutoscalerCondition](in, apisautoscalingv2.ConditionsAnnotation); ok {
		var err error
		out.Status.Conditions, err = convertAll(conditions, s, Convert_v1_HorizontalPodAutoscalerCondition_To_v2_HorizontalPodAutoscalerCondition)
		return err
	}
	return nil
}

// behaviorOf decodes the behavior and sets its defaults. In contrast to v2, no
// policies are added to rules that have none: the validation reports them as an
// error.
func behaviorOf(in *autoscalingv1.HorizontalPodAutoscaler) *autoscalingv2.HorizontalPodAutoscalerBehavior {
	behavior, _ := annotated[autoscalingv2.HorizontalPodAutoscalerBehavior](in, apisautoscalingv2.BehaviorAnnotation)
	if behavior.ScaleUp == nil && behavior.ScaleDown == nil {
		return nil
	}
	for _, rules := range []*autoscalingv2.HPAScalingRules{behavior.ScaleUp, behavior.ScaleDown} {
		if rules != nil && rules.Policies == nil {
			rules.Policies = []autoscalingv2.HPAScalingPolicy{}
		}
	}
	apisautoscalingv2.SetDefaults_HorizontalPodAutoscalerBehavior(&behavior)
	return &behavior
}

// Convert_v2_HorizontalPodAutoscaler_To_v1_HorizontalPodAutoscaler stores the
// values for which v1 has no fields in annotations.
func Convert_v2_HorizontalPodAutoscaler_To_v1_HorizontalPodAutoscaler(
	in *autoscalingv2.HorizontalPodAutoscaler, out *autoscalingv1.HorizontalPodAutoscaler, s conversion.Scope,
) error {
	if err := autoConvert_v2_HorizontalPodAutoscaler_To_v1_HorizontalPodAutoscaler(in, out, s); err != nil {
		return err
	}
	out.Annotations = apisautoscalingv2.WithoutV1Annotations(in.Annotations)
	var others []autoscalingv2.MetricSpec
	for _, metric := range in.Spec.Metrics {
		if cpuTarget(&metric) == nil {
			others = append(others, metric)
		}
	}
	if err := annotateAll(out, apisautoscalingv2.MetricsAnnotation, others, s, Convert_v2_MetricSpec_To_v1_MetricSpec); err != nil {
		return err
	}
	if err := annotateAll(out, apisautoscalingv2.CurrentMetricsAnnotation, in.Status.CurrentMetrics, s, Convert_v2_MetricStatus_To_v1_MetricStatus); err != nil {
		return err
	}
	if err := annotateAll(out, apisautoscalingv2.ConditionsAnnotation, in.Status.Conditions, s,
		Convert_v2_HorizontalPodAutoscalerCondition_To_v1_HorizontalPodAutoscalerCondition); err != nil {
		return err
	}
	if in.Spec.Behavior == nil {
		return nil
	}
	// v1 has no type for the behavior. Like in kube-apiserver, the JSON
	// contains the names of Go fields.
	return annotate(out, apisautoscalingv2.BehaviorAnnotation, goform.Of(in.Spec.Behavior))
}

// Convert_v1_HorizontalPodAutoscalerSpec_To_v2_HorizontalPodAutoscalerSpec
// converts the target for the CPU utilization to a metric.
func Convert_v1_HorizontalPodAutoscalerSpec_To_v2_HorizontalPodAutoscalerSpec(
	in *autoscalingv1.HorizontalPodAutoscalerSpec, out *autoscalingv2.HorizontalPodAutoscalerSpec, s conversion.Scope,
) error {
	if percent := in.TargetCPUUtilizationPercentage; percent != nil {
		out.Metrics = []autoscalingv2.MetricSpec{apisautoscalingv2.CPUUtilization(*percent)}
	}
	return autoConvert_v1_HorizontalPodAutoscalerSpec_To_v2_HorizontalPodAutoscalerSpec(in, out, s)
}

// Convert_v2_HorizontalPodAutoscalerSpec_To_v1_HorizontalPodAutoscalerSpec sets
// the target for the CPU utilization from the first metric of that kind.
// Further ones are lost.
func Convert_v2_HorizontalPodAutoscalerSpec_To_v1_HorizontalPodAutoscalerSpec(
	in *autoscalingv2.HorizontalPodAutoscalerSpec, out *autoscalingv1.HorizontalPodAutoscalerSpec, s conversion.Scope,
) error {
	for i := range in.Metrics {
		if percent := cpuTarget(&in.Metrics[i]); percent != nil {
			out.TargetCPUUtilizationPercentage = percent
			break
		}
	}
	return autoConvert_v2_HorizontalPodAutoscalerSpec_To_v1_HorizontalPodAutoscalerSpec(in, out, s)
}

// cpuTarget returns the target of a metric in percent if it is a CPU
// utilization, and nil otherwise.
func cpuTarget(metric *autoscalingv2.MetricSpec) *int32 {
	if metric.Type != autoscalingv2.ResourceMetricSourceType || metric.Resource == nil || metric.Resource.Name != corev1.ResourceCPU {
		return nil
	}
	return metric.Resource.Target.AverageUtilization
}

// Convert_v1_HorizontalPodAutoscalerStatus_To_v2_HorizontalPodAutoscalerStatus
// converts the current CPU utilization to a metric, which is the only one.
func Convert_v1_HorizontalPodAutoscalerStatus_To_v2_HorizontalPodAutoscalerStatus(
	in *autoscalingv1.HorizontalPodAutoscalerStatus, out *autoscalingv2.HorizontalPodAutoscalerStatus, s conversion.Scope,
) error {
	if percent := in.CurrentCPUUtilizationPercentage; percent != nil {
		out.CurrentMetrics = []autoscalingv2.MetricStatus{{
			Type: autoscalingv2.ResourceMetricSourceType,
			Resource: &autoscalingv2.ResourceMetricStatus{
				Name:    corev1.ResourceCPU,
				Current: autoscalingv2.MetricValueStatus{AverageUtilization: percent},
			},
		}}
	}
	return autoConvert_v1_HorizontalPodAutoscalerStatus_To_v2_HorizontalPodAutoscalerStatus(in, out, s)
}

// Convert_v2_HorizontalPodAutoscalerStatus_To_v1_HorizontalPodAutoscalerStatus
// sets the current CPU utilization from the last current metric of that kind.
func Convert_v2_HorizontalPodAutoscalerStatus_To_v1_HorizontalPodAutoscalerStatus(
	in *autoscalingv2.HorizontalPodAutoscalerStatus, out *autoscalingv1.HorizontalPodAutoscalerStatus, s conversion.Scope,
) error {
	for _, metric := range in.CurrentMetrics {
		if metric.Type != autoscalingv2.ResourceMetricSourceType || metric.Resource == nil || metric.Resource.Name != corev1.ResourceCPU {
			continue
		}
		if percent := metric.Resource.Current.AverageUtilization; percent != nil {
			out.CurrentCPUUtilizationPercentage = percent
		}
	}
	return autoConvert_v2_HorizontalPodAutoscalerStatus_To_v1_HorizontalPodAutoscalerStatus(in, out, s)
}

// annotateAll converts a list to v1 and stores its JSON encoding in an
// annotation, unless the list is empty.
func annotateAll[In, Out any](
	obj *autoscalingv1.HorizontalPodAutoscaler, key string, list []In, s conversion.Scope, convert func(*In, *Out, conversion.Scope) error,
) error {
	if len(list) == 0 {
		return nil
	}
	converted, err := convertAll(list, s, convert)
	if err != nil {
		return err
	}
	return annotate(obj, key, converted)
}

func convertAll[In, Out any](in []In, s conversion.Scope, convert func(*In, *Out, conversion.Scope) error) ([]Out, error) {
	out := make([]Out, len(in))
	for i := range in {
		if err := convert(&in[i], &out[i], s); err != nil {
			return nil, err
		}
	}
	return out, nil
}
