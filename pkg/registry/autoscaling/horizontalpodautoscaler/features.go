package horizontalpodautoscaler

import (
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

// gated are the fields that need a feature gate.
var gated = []features.Gated[autoscalingv2.HorizontalPodAutoscaler]{
	{Gate: features.HPAConfigurableTolerance, Field: tolerances},
}

// tolerances reports whether a tolerance is set, and clears the tolerances if
// clear is true.
func tolerances(hpa *autoscalingv2.HorizontalPodAutoscaler, clear bool) (used bool) {
	if hpa.Spec.Behavior == nil {
		return false
	}
	for _, rules := range []*autoscalingv2.HPAScalingRules{hpa.Spec.Behavior.ScaleUp, hpa.Spec.Behavior.ScaleDown} {
		if rules == nil {
			continue
		}
		used = used || rules.Tolerance != nil
		if clear {
			rules.Tolerance = nil
		}
	}
	return used
}

// mayScaleToZero reports whether minReplicas may be zero: the feature is
// enabled, or minReplicas of the old object is zero.
func mayScaleToZero(old *autoscalingv2.HorizontalPodAutoscaler) bool {
	return features.Enabled(features.HPAScaleToZero) || old != nil && old.Spec.MinReplicas != nil && *old.Spec.MinReplicas == 0
}

// declarativeConfig returns the option of the generated validation that allows
// minReplicas to be zero.
func declarativeConfig(_, old *autoscalingv2.HorizontalPodAutoscaler) rest.DeclarativeValidationConfig {
	return rest.DeclarativeValidationConfig{Options: map[string]bool{string(features.HPAScaleToZero): mayScaleToZero(old)}}
}
