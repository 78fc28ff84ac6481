package v1beta1

import (
	"errors"

	resourcev1 "k8s.io/api/resource/v1"
	resourcev1beta1 "k8s.io/api/resource/v1beta1"
	"k8s.io/apimachinery/pkg/conversion"
)

// Convert_v1beta1_Device_To_v1_Device moves the fields of the basic device, which
// is the only kind of device, to the device itself.
func Convert_v1beta1_Device_To_v1_Device(in *resourcev1beta1.Device, out *resourcev1.Device, s conversion.Scope) error {
	*out = resourcev1.Device{Name: in.Name}
	basic := in.Basic
	if basic == nil {
		return nil
	}
	out.NodeName, out.NodeSelector, out.AllNodes = basic.NodeName, basic.NodeSelector, basic.AllNodes
	out.BindsToNode, out.BindingConditions, out.BindingFailureConditions = basic.BindsToNode, basic.BindingConditions, basic.BindingFailureConditions
	out.AllowMultipleAllocations = basic.AllowMultipleAllocations
	return errors.Join(
		convertMap(basic.Attributes, &out.Attributes, s, Convert_v1beta1_DeviceAttribute_To_v1_DeviceAttribute),
		convertMap(basic.Capacity, &out.Capacity, s, Convert_v1beta1_DeviceCapacity_To_v1_DeviceCapacity),
		convertList(basic.ConsumesCounters, &out.ConsumesCounters, s, Convert_v1beta1_DeviceCounterConsumption_To_v1_DeviceCounterConsumption),
		convertList(basic.Taints, &out.Taints, s, Convert_v1beta1_DeviceTaint_To_v1_DeviceTaint),
		convertMap(basic.NodeAllocatableResources, &out.NodeAllocatableResources, s,
			Convert_v1beta1_NodeAllocatableResource_To_v1_NodeAllocatableResource),
	)
}

// Convert_v1_Device_To_v1beta1_Device makes a basic device of every device.
func Convert_v1_Device_To_v1beta1_Device(in *resourcev1.Device, out *resourcev1beta1.Device, s conversion.Scope) error {
	basic := &resourcev1beta1.BasicDevice{
		NodeName: in.NodeName, NodeSelector: in.NodeSelector, AllNodes: in.AllNodes,
		BindsToNode: in.BindsToNode, BindingConditions: in.BindingConditions, BindingFailureConditions: in.BindingFailureConditions,
		AllowMultipleAllocations: in.AllowMultipleAllocations,
	}
	*out = resourcev1beta1.Device{Name: in.Name, Basic: basic}
	return errors.Join(
		convertMap(in.Attributes, &basic.Attributes, s, Convert_v1_DeviceAttribute_To_v1beta1_DeviceAttribute),
		convertMap(in.Capacity, &basic.Capacity, s, Convert_v1_DeviceCapacity_To_v1beta1_DeviceCapacity),
		convertList(in.ConsumesCounters, &basic.ConsumesCounters, s, Convert_v1_DeviceCounterConsumption_To_v1beta1_DeviceCounterConsumption),
		convertList(in.Taints, &basic.Taints, s, Convert_v1_DeviceTaint_To_v1beta1_DeviceTaint),
		convertMap(in.NodeAllocatableResources, &basic.NodeAllocatableResources, s,
			Convert_v1_NodeAllocatableResource_To_v1beta1_NodeAllocatableResource),
	)
}

// convertList converts every item of a list.
func convertList[In, Out any](in []In, out *[]Out, s conversion.Scope, convert func(*In, *Out, conversion.Scope) error) error {
	if in == nil {
		return nil
	}
	*out = make([]Out, len(in))
	for i := range in {
		if err := convert(&in[i], &(*out)[i], s); err != nil {
			return err
		}
	}
	return nil
}

// convertMap converts every value of a map.
func convertMap[K, L ~string, In, Out any](in map[K]In, out *map[L]Out, s conversion.Scope, convert func(*In, *Out, conversion.Scope) error) error {
	if in == nil {
		return nil
	}
	*out = make(map[L]Out, len(in))
	for key, value := range in {
		var converted Out
		if err := convert(&value, &converted, s); err != nil {
			return err
		}
		(*out)[L(key)] = converted
	}
	return nil
}
