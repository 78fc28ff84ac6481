package v1

import (
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	"k8s.io/utils/ptr"

	apisautoscalingv2 "github.com/gatehouse-k8s/gatehouse/pkg/apis/autoscaling/v2"
)

// SetDefaults_HorizontalPodAutoscaler sets one replica at least, and the target
// for the CPU utilization of an autoscaler that has no other metrics.
func SetDefaults_HorizontalPodAutoscaler(obj *autoscalingv1.HorizontalPodAutoscaler) {
	if obj.Spec.MinReplicas == nil {
		obj.Spec.MinReplicas = ptr.To[int32](1)
	}
	if obj.Spec.TargetCPUUtilizationPercentage != nil {
		return
	}
	if metrics, _ := annotated[[]autoscalingv1.MetricSpec](obj, apisautoscalingv2.MetricsAnnotation); len(metrics) == 0 {
		obj.Spec.TargetCPUUtilizationPercentage = ptr.To[int32](apisautoscalingv2.DefaultCPUUtilization)
	}
}
