package horizontalpodautoscaler

import (
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/apiserver/pkg/registry/rest"
)

const (
	// hpaScaleToZero is the feature gate that allows no replicas at all while
	// there is nothing to do (KEP-2021).
	hpaScaleToZero = "HPAScaleToZero"
	// hpaConfigurableTolerance is the feature gate of the tolerance of scaling
	// rules (KEP-4951).
	hpaConfigurableTolerance = "HPAConfigurableTolerance"
)

// enabled reports whether a feature gate is on: the gates of autoscalers have
// their defaults.
func enabled(gate string) bool { return gate == hpaConfigurableTolerance }

// dropDisabled drops the tolerances if their feature is off, unless the old
// object has one.
func dropDisabled(hpa, old *autoscalingv2.HorizontalPodAutoscaler) {
	if !enabled(hpaConfigurableTolerance) && (old == nil || !tolerances(old, false)) {
		tolerances(hpa, true)
	}
}

// tolerances clears the tolerances where told so, and reports whether one was
// set.
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

// mayScaleToZero reports whether minReplicas may be zero: if the feature is on,
// or the old object has it already.
func mayScaleToZero(old *autoscalingv2.HorizontalPodAutoscaler) bool {
	return enabled(hpaScaleToZero) || old != nil && old.Spec.MinReplicas != nil && *old.Spec.MinReplicas == 0
}

// declarativeConfig tells the generated validation whether minReplicas may be
// zero.
func declarativeConfig(_, old *autoscalingv2.HorizontalPodAutoscaler) rest.DeclarativeValidationConfig {
	return rest.DeclarativeValidationConfig{Options: map[string]bool{hpaScaleToZero: mayScaleToZero(old)}}
}
