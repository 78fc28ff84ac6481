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
	if enabled(hpaConfigurableTolerance) || old != nil && hasTolerance(old) {
		return
	}
	for _, rules := range rulesOf(hpa) {
		rules.Tolerance = nil
	}
}

func hasTolerance(hpa *autoscalingv2.HorizontalPodAutoscaler) bool {
	for _, rules := range rulesOf(hpa) {
		if rules.Tolerance != nil {
			return true
		}
	}
	return false
}

// rulesOf returns the scaling rules that an autoscaler has.
func rulesOf(hpa *autoscalingv2.HorizontalPodAutoscaler) []*autoscalingv2.HPAScalingRules {
	behavior := hpa.Spec.Behavior
	if behavior == nil {
		return nil
	}
	var all []*autoscalingv2.HPAScalingRules
	for _, rules := range []*autoscalingv2.HPAScalingRules{behavior.ScaleUp, behavior.ScaleDown} {
		if rules != nil {
			all = append(all, rules)
		}
	}
	return all
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
