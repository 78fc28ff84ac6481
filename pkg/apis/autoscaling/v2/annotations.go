package v2

import "maps"

// The annotations in which autoscaling/v1 carries what its types have no field
// for, as JSON. They exist in v1 only: an object of another version has the
// fields, and drops the annotations.
const (
	// MetricsAnnotation has the metrics of the specification except for the
	// CPU utilization.
	MetricsAnnotation = "autoscaling.alpha.kubernetes.io/metrics"
	// CurrentMetricsAnnotation has the metrics of the status.
	CurrentMetricsAnnotation = "autoscaling.alpha.kubernetes.io/current-metrics"
	// ConditionsAnnotation has the conditions of the status.
	ConditionsAnnotation = "autoscaling.alpha.kubernetes.io/conditions"
	// BehaviorAnnotation has the scaling behavior.
	BehaviorAnnotation = "autoscaling.alpha.kubernetes.io/behavior"
)

// WithoutV1Annotations returns the annotations without those that only
// autoscaling/v1 has. The map that it gets stays as it is; nil stands for none.
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
