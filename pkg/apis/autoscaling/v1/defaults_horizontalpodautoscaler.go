package v1

import (
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	"k8s.io/utils/ptr"
)

// SetDefaults_HorizontalPodAutoscaler sets the minimum number of replicas to 1.
// The conversion to v2 adds the default metric, because only then are all
// metrics known.
func SetDefaults_HorizontalPodAutoscaler(obj *autoscalingv1.HorizontalPodAutoscaler) {
	if obj.Spec.MinReplicas == nil {
		obj.Spec.MinReplicas = ptr.To[int32](1)
	}
}
