package v2

import "maps"

// These annotations contain, as JSON, the values for which autoscaling/v1 has
// no fields. They exist only in v1. Objects of other versions have fields for
// them, and the annotations are removed.
const (
	// MetricsAnnotation contains the metrics of the spec except the CPU
	// utilization.
	MetricsAnnotation = "autoscaling.alpha.kubernetes.io/metrics"
	// CurrentMetricsAnnotation contains the current metrics of the status.
	CurrentMetricsAnnotation = "autoscaling.alpha.kubernetes.io/current-metrics"
	// ConditionsAnnotation contains the conditions of the status.
	ConditionsAnnotation = "autoscaling.alpha.kubernetes.io/conditions"
	// BehaviorAnnotation contains the scaling behavior.
	BehaviorAnnotation = "autoscaling.alpha.kubernetes.io/behavior"
)

// WithoutV1Annotations returns a copy of the annotations without those that
// only autoscaling/v1 has, or nil if none are left.
func WithoutV1Annotations(annotations map[string]string) map[string]string {
	kept := maps.Clone(annotations)
	for _, key := range []string{MetricsAnnotation, CurrentMetricsAnnotation, ConditionsAnnotation, BehaviorAnnotation} {
		delete(kept, key)
	}
	if len(kept) == 0 {
		return nil
	}
	return kept
}
