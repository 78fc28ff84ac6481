package v1

import (
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/conversion"
	"k8s.io/utils/ptr"
)

// The following conversions are for the current values of metrics. A value that
// v1 requires and v2 does not have is set to zero.

func Convert_v1_ObjectMetricStatus_To_v2_ObjectMetricStatus(
	in *autoscalingv1.ObjectMetricStatus, out *autoscalingv2.ObjectMetricStatus, s conversion.Scope,
) error {
	out.Metric = autoscalingv2.MetricIdentifier{Name: in.MetricName, Selector: in.Selector}
	out.Current = autoscalingv2.MetricValueStatus{Value: &in.CurrentValue, AverageValue: in.AverageValue}
	return Convert_v1_CrossVersionObjectReference_To_v2_CrossVersionObjectReference(&in.Target, &out.DescribedObject, s)
}

func Convert_v2_ObjectMetricStatus_To_v1_ObjectMetricStatus(
	in *autoscalingv2.ObjectMetricStatus, out *autoscalingv1.ObjectMetricStatus, s conversion.Scope,
) error {
	out.MetricName, out.Selector = in.Metric.Name, in.Metric.Selector
	out.CurrentValue, out.AverageValue = ptr.Deref(in.Current.Value, resource.Quantity{}), in.Current.AverageValue
	return Convert_v2_CrossVersionObjectReference_To_v1_CrossVersionObjectReference(&in.DescribedObject, &out.Target, s)
}

func Convert_v1_PodsMetricStatus_To_v2_PodsMetricStatus(in *autoscalingv1.PodsMetricStatus, out *autoscalingv2.PodsMetricStatus, _ conversion.Scope) error {
	out.Metric = autoscalingv2.MetricIdentifier{Name: in.MetricName, Selector: in.Selector}
	out.Current = autoscalingv2.MetricValueStatus{AverageValue: &in.CurrentAverageValue}
	return nil
}

func Convert_v2_PodsMetricStatus_To_v1_PodsMetricStatus(in *autoscalingv2.PodsMetricStatus, out *autoscalingv1.PodsMetricStatus, _ conversion.Scope) error {
	out.MetricName, out.Selector = in.Metric.Name, in.Metric.Selector
	out.CurrentAverageValue = ptr.Deref(in.Current.AverageValue, resource.Quantity{})
	return nil
}

func Convert_v1_ExternalMetricStatus_To_v2_ExternalMetricStatus(
	in *autoscalingv1.ExternalMetricStatus, out *autoscalingv2.ExternalMetricStatus, _ conversion.Scope,
) error {
	out.Metric = autoscalingv2.MetricIdentifier{Name: in.MetricName, Selector: in.MetricSelector}
	out.Current = autoscalingv2.MetricValueStatus{Value: &in.CurrentValue, AverageValue: in.CurrentAverageValue}
	return nil
}

func Convert_v2_ExternalMetricStatus_To_v1_ExternalMetricStatus(
	in *autoscalingv2.ExternalMetricStatus, out *autoscalingv1.ExternalMetricStatus, _ conversion.Scope,
) error {
	out.MetricName, out.MetricSelector = in.Metric.Name, in.Metric.Selector
	out.CurrentValue, out.CurrentAverageValue = ptr.Deref(in.Current.Value, resource.Quantity{}), in.Current.AverageValue
	return nil
}

func Convert_v1_ResourceMetricStatus_To_v2_ResourceMetricStatus(
	in *autoscalingv1.ResourceMetricStatus, out *autoscalingv2.ResourceMetricStatus, _ conversion.Scope,
) error {
	out.Name = in.Name
	out.Current = autoscalingv2.MetricValueStatus{AverageValue: &in.CurrentAverageValue, AverageUtilization: in.CurrentAverageUtilization}
	return nil
}

func Convert_v2_ResourceMetricStatus_To_v1_ResourceMetricStatus(
	in *autoscalingv2.ResourceMetricStatus, out *autoscalingv1.ResourceMetricStatus, _ conversion.Scope,
) error {
	out.Name = in.Name
	out.CurrentAverageUtilization, out.CurrentAverageValue = in.Current.AverageUtilization, ptr.Deref(in.Current.AverageValue, resource.Quantity{})
	return nil
}

func Convert_v1_ContainerResourceMetricStatus_To_v2_ContainerResourceMetricStatus(
	in *autoscalingv1.ContainerResourceMetricStatus, out *autoscalingv2.ContainerResourceMetricStatus, _ conversion.Scope,
) error {
	out.Name, out.Container = in.Name, in.Container
	out.Current = autoscalingv2.MetricValueStatus{AverageValue: &in.CurrentAverageValue, AverageUtilization: in.CurrentAverageUtilization}
	return nil
}

func Convert_v2_ContainerResourceMetricStatus_To_v1_ContainerResourceMetricStatus(
	in *autoscalingv2.ContainerResourceMetricStatus, out *autoscalingv1.ContainerResourceMetricStatus, _ conversion.Scope,
) error {
	out.Name, out.Container = in.Name, in.Container
	out.CurrentAverageUtilization, out.CurrentAverageValue = in.Current.AverageUtilization, ptr.Deref(in.Current.AverageValue, resource.Quantity{})
	return nil
}
