package horizontalpodautoscaler

import (
	"fmt"
	"strconv"
	"strings"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

type column = registry.Column[*autoscalingv2.HorizontalPodAutoscaler]

var columns = []column{
	registry.NameColumn[*autoscalingv2.HorizontalPodAutoscaler](),
	{Name: "Reference", Description: registry.Doc(autoscalingv2.HorizontalPodAutoscalerSpec{}, "scaleTargetRef"),
		Cell: func(hpa *autoscalingv2.HorizontalPodAutoscaler) any {
			return hpa.Spec.ScaleTargetRef.Kind + "/" + hpa.Spec.ScaleTargetRef.Name
		}},
	{Name: "Targets", Description: registry.Doc(autoscalingv2.HorizontalPodAutoscalerSpec{}, "metrics"),
		Cell: func(hpa *autoscalingv2.HorizontalPodAutoscaler) any {
			return formatTargets(hpa.Spec.Metrics, hpa.Status.CurrentMetrics)
		}},
	{Name: "MinPods", Description: registry.Doc(autoscalingv2.HorizontalPodAutoscalerSpec{}, "minReplicas"),
		Cell: func(hpa *autoscalingv2.HorizontalPodAutoscaler) any {
			if hpa.Spec.MinReplicas == nil {
				return "<unset>"
			}
			return strconv.Itoa(int(*hpa.Spec.MinReplicas))
		}},
	{Name: "MaxPods", Description: registry.Doc(autoscalingv2.HorizontalPodAutoscalerSpec{}, "maxReplicas"),
		Cell: func(hpa *autoscalingv2.HorizontalPodAutoscaler) any { return hpa.Spec.MaxReplicas }},
	{Name: "Replicas", Description: registry.Doc(autoscalingv2.HorizontalPodAutoscalerStatus{}, "currentReplicas"),
		Cell: func(hpa *autoscalingv2.HorizontalPodAutoscaler) any { return hpa.Status.CurrentReplicas }},
	registry.AgeColumn[*autoscalingv2.HorizontalPodAutoscaler](),
}

const (
	// shownTargets is the number of targets that the table shows.
	shownTargets = 2
	unknown      = "<unknown>"
)

// formatTargets returns the current value and the target of each metric, for
// example "cpu: 42%/60%, memory: 90Mi/100Mi + 6 more...". The current metrics
// are in the same order as the metrics of the spec.
func formatTargets(metrics []autoscalingv2.MetricSpec, current []autoscalingv2.MetricStatus) string {
	if len(metrics) == 0 {
		return "<none>"
	}
	var shown []string
	for i := range metrics[:min(len(metrics), shownTargets)] {
		var status autoscalingv2.MetricStatus
		if i < len(current) {
			status = current[i]
		}
		shown = append(shown, formatTarget(&metrics[i], &status))
	}
	targets := strings.Join(shown, ", ")
	if more := len(metrics) - len(shown); more > 0 {
		return fmt.Sprintf("%s + %d more...", targets, more)
	}
	return targets
}

func formatTarget(metric *autoscalingv2.MetricSpec, status *autoscalingv2.MetricStatus) string {
	current := currentOf(metric.Type, status)
	switch {
	case metric.Type == autoscalingv2.ResourceMetricSourceType && metric.Resource != nil:
		return string(metric.Resource.Name) + ": " + formatResource(&metric.Resource.Target, current)
	case metric.Type == autoscalingv2.ContainerResourceMetricSourceType && metric.ContainerResource != nil:
		return string(metric.ContainerResource.Name) + ": " + formatResource(&metric.ContainerResource.Target, current)
	case metric.Type == autoscalingv2.PodsMetricSourceType && metric.Pods != nil:
		return formatAverage(metric.Pods.Target.AverageValue, current)
	case metric.Type == autoscalingv2.ObjectMetricSourceType && metric.Object != nil:
		return formatValue(&metric.Object.Target, current)
	case metric.Type == autoscalingv2.ExternalMetricSourceType && metric.External != nil:
		return formatValue(&metric.External.Target, current)
	}
	return "<unknown type>"
}

// currentOf returns the current value from a status, or nil if the status has
// another source type.
func currentOf(source autoscalingv2.MetricSourceType, status *autoscalingv2.MetricStatus) *autoscalingv2.MetricValueStatus {
	switch {
	case source == autoscalingv2.ResourceMetricSourceType && status.Resource != nil:
		return &status.Resource.Current
	case source == autoscalingv2.ContainerResourceMetricSourceType && status.ContainerResource != nil:
		return &status.ContainerResource.Current
	case source == autoscalingv2.PodsMetricSourceType && status.Pods != nil:
		return &status.Pods.Current
	case source == autoscalingv2.ObjectMetricSourceType && status.Object != nil:
		return &status.Object.Current
	case source == autoscalingv2.ExternalMetricSourceType && status.External != nil:
		return &status.External.Current
	}
	return nil
}

// formatAverage formats the average of a quantity per pod.
func formatAverage(target *resource.Quantity, current *autoscalingv2.MetricValueStatus) string {
	if current == nil {
		return unknown + "/" + formatQuantity(target)
	}
	return formatQuantity(current.AverageValue) + "/" + formatQuantity(target)
}

// formatResource formats the average resource usage of the pods, as a quantity
// or in percent of the requests.
func formatResource(target *autoscalingv2.MetricTarget, current *autoscalingv2.MetricValueStatus) string {
	if target.AverageValue != nil {
		return formatAverage(target.AverageValue, current)
	}
	used, wanted := unknown, "<auto>"
	if current != nil && current.AverageUtilization != nil {
		used = fmt.Sprintf("%d%%", *current.AverageUtilization)
	}
	if target.AverageUtilization != nil {
		wanted = fmt.Sprintf("%d%%", *target.AverageUtilization)
	}
	return used + "/" + wanted
}

// formatValue formats the value of an object or external metric. If the target
// is an average, the value is divided by the number of pods.
func formatValue(target *autoscalingv2.MetricTarget, current *autoscalingv2.MetricValueStatus) string {
	if target.AverageValue != nil {
		if current == nil || current.AverageValue == nil {
			return unknown + "/" + formatQuantity(target.AverageValue) + " (avg)"
		}
		return formatQuantity(current.AverageValue) + "/" + formatQuantity(target.AverageValue) + " (avg)"
	}
	if current == nil {
		return unknown + "/" + formatQuantity(target.Value)
	}
	return formatQuantity(current.Value) + "/" + formatQuantity(target.Value)
}

// formatQuantity formats a quantity. Like kube-apiserver, it returns "<nil>" if
// the quantity is nil.
func formatQuantity(quantity *resource.Quantity) string {
	if quantity == nil {
		return "<nil>"
	}
	return quantity.String()
}
