package v1

import (
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/conversion"
	"k8s.io/utils/ptr"
)

// The following conversions are for the sources of metrics. v2 has the same
// structure of targets and metric names for all sources, while v1 has a
// different one for each source. v1 has no type of target: it follows from
// which value is set.

func Convert_v1_ObjectMetricSource_To_v2_ObjectMetricSource(
	in *autoscalingv1.ObjectMetricSource, out *autoscalingv2.ObjectMetricSource, s conversion.Scope,
) error {
	out.Metric = autoscalingv2.MetricIdentifier{Name: in.MetricName, Selector: in.Selector}
	out.Target = valueTarget(&in.TargetValue, in.AverageValue)
	// The value is required in v1. If there is an average as well, zero means
	// that the value is not set.
	if in.AverageValue != nil && in.TargetValue.IsZero() {
		out.Target.Value = nil
	}
	return Convert_v1_CrossVersionObjectReference_To_v2_CrossVersionObjectReference(&in.Target, &out.DescribedObject, s)
}

func Convert_v2_ObjectMetricSource_To_v1_ObjectMetricSource(
	in *autoscalingv2.ObjectMetricSource, out *autoscalingv1.ObjectMetricSource, s conversion.Scope,
) error {
	out.MetricName, out.Selector = in.Metric.Name, in.Metric.Selector
	out.TargetValue, out.AverageValue = ptr.Deref(in.Target.Value, resource.Quantity{}), in.Target.AverageValue
	return Convert_v2_CrossVersionObjectReference_To_v1_CrossVersionObjectReference(&in.DescribedObject, &out.Target, s)
}

func Convert_v1_PodsMetricSource_To_v2_PodsMetricSource(in *autoscalingv1.PodsMetricSource, out *autoscalingv2.PodsMetricSource, _ conversion.Scope) error {
	out.Metric = autoscalingv2.MetricIdentifier{Name: in.MetricName, Selector: in.Selector}
	out.Target = valueTarget(nil, &in.TargetAverageValue)
	return nil
}

func Convert_v2_PodsMetricSource_To_v1_PodsMetricSource(in *autoscalingv2.PodsMetricSource, out *autoscalingv1.PodsMetricSource, _ conversion.Scope) error {
	out.MetricName, out.Selector = in.Metric.Name, in.Metric.Selector
	out.TargetAverageValue = ptr.Deref(in.Target.AverageValue, resource.Quantity{})
	return nil
}

func Convert_v1_ExternalMetricSource_To_v2_ExternalMetricSource(
	in *autoscalingv1.ExternalMetricSource, out *autoscalingv2.ExternalMetricSource, _ conversion.Scope,
) error {
	out.Metric = autoscalingv2.MetricIdentifier{Name: in.MetricName, Selector: in.MetricSelector}
	out.Target = valueTarget(in.TargetValue, in.TargetAverageValue)
	return nil
}

func Convert_v2_ExternalMetricSource_To_v1_ExternalMetricSource(
	in *autoscalingv2.ExternalMetricSource, out *autoscalingv1.ExternalMetricSource, _ conversion.Scope,
) error {
	out.MetricName, out.MetricSelector = in.Metric.Name, in.Metric.Selector
	out.TargetValue, out.TargetAverageValue = in.Target.Value, in.Target.AverageValue
	return nil
}

func Convert_v1_ResourceMetricSource_To_v2_ResourceMetricSource(
	in *autoscalingv1.ResourceMetricSource, out *autoscalingv2.ResourceMetricSource, _ conversion.Scope,
) error {
	out.Name, out.Target = in.Name, resourceTarget(in.TargetAverageUtilization, in.TargetAverageValue)
	return nil
}

func Convert_v2_ResourceMetricSource_To_v1_ResourceMetricSource(
	in *autoscalingv2.ResourceMetricSource, out *autoscalingv1.ResourceMetricSource, _ conversion.Scope,
) error {
	out.Name = in.Name
	out.TargetAverageUtilization, out.TargetAverageValue = in.Target.AverageUtilization, in.Target.AverageValue
	return nil
}

func Convert_v1_ContainerResourceMetricSource_To_v2_ContainerResourceMetricSource(
	in *autoscalingv1.ContainerResourceMetricSource, out *autoscalingv2.ContainerResourceMetricSource, _ conversion.Scope,
) error {
	out.Name, out.Container, out.Target = in.Name, in.Container, resourceTarget(in.TargetAverageUtilization, in.TargetAverageValue)
	return nil
}

func Convert_v2_ContainerResourceMetricSource_To_v1_ContainerResourceMetricSource(
	in *autoscalingv2.ContainerResourceMetricSource, out *autoscalingv1.ContainerResourceMetricSource, _ conversion.Scope,
) error {
	out.Name, out.Container = in.Name, in.Container
	out.TargetAverageUtilization, out.TargetAverageValue = in.Target.AverageUtilization, in.Target.AverageValue
	return nil
}

// valueTarget returns a target for a quantity: either the total value or the
// average per pod.
func valueTarget(value, average *resource.Quantity) autoscalingv2.MetricTarget {
	target := autoscalingv2.MetricTarget{Type: autoscalingv2.ValueMetricType, Value: value, AverageValue: average}
	if average != nil {
		target.Type = autoscalingv2.AverageValueMetricType
	}
	return target
}

// resourceTarget returns a target for the average resource usage of the pods:
// either in percent of the requests or as a quantity.
func resourceTarget(utilization *int32, average *resource.Quantity) autoscalingv2.MetricTarget {
	target := autoscalingv2.MetricTarget{Type: autoscalingv2.AverageValueMetricType, AverageValue: average, AverageUtilization: utilization}
	if utilization != nil {
		target.Type = autoscalingv2.UtilizationMetricType
	}
	return target
}

// The following conversions do nothing. The generator requires them, because it
// converts fields of the same name to each other. The field target is the
// described object in v1 but the target value in v2. The conversions of
// ObjectMetricSource above set both.

func Convert_v1_CrossVersionObjectReference_To_v2_MetricTarget(
	*autoscalingv1.CrossVersionObjectReference, *autoscalingv2.MetricTarget, conversion.Scope,
) error {
	return nil
}

func Convert_v2_MetricTarget_To_v1_CrossVersionObjectReference(
	*autoscalingv2.MetricTarget, *autoscalingv1.CrossVersionObjectReference, conversion.Scope,
) error {
	return nil
}
