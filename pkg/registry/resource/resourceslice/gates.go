package resourceslice

import (
	"context"

	resourcev1 "k8s.io/api/resource/v1"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/resource/claims"
)

type (
	spec   = resourcev1.ResourceSliceSpec
	device = resourcev1.Device
)

// gated are the fields of the spec that belong to a feature. Conditions for binding
// need the status of devices too.
var gated = []features.Gated[spec]{
	{Gate: features.DRAPartitionableDevices, Field: partitions},
	{Gate: features.DRAPartitionableDevicesType, Field: features.Pointer(
		func(s *spec) **resourcev1.FullyQualifiedName { return &s.PartitionTypeAttribute })},
	{Gate: features.DRADeviceCompatibilityGroups, Field: inDevices(claims.InList(
		func(d *device) []resourcev1.DeviceCounterConsumption { return d.ConsumesCounters },
		features.Slice(func(c *resourcev1.DeviceCounterConsumption) *[]string { return &c.CompatibilityGroups })))},
	{Gate: features.DRADeviceTaints, Field: inDevices(features.Slice(func(d *device) *[]resourcev1.DeviceTaint { return &d.Taints }))},
	{Gate: features.DRADeviceBindingConditions, Field: inDevices(bindingFields)},
	{Gate: features.DRAResourceClaimDeviceStatus, Field: inDevices(bindingFields)},
	{Gate: features.DRAConsumableCapacity, Field: inDevices(consumable)},
	{Gate: features.DRAListTypeAttributes, Field: inDevices(attributeLists)},
	{Gate: features.DRANodeAllocatableResources, Field: inDevices(nodeAllocatable)},
	{Gate: features.DRAOptionalNodeOperations, Field: features.Slice(
		func(s *spec) *[]resourcev1.SkipNodeOperation { return &s.SkipNodeOperations })},
}

func prepareForCreate(_ context.Context, s object) { features.Drop(&s.Spec, nil, gated) }

func prepareForUpdate(_ context.Context, s, old object) { features.Drop(&s.Spec, &old.Spec, gated) }

// declarativeConfig lets a slice keep the type of its partitions.
func declarativeConfig(_, old object) rest.DeclarativeValidationConfig {
	return rest.DeclarativeValidationConfig{Options: map[string]bool{
		string(features.DRAPartitionableDevicesType): features.Enabled(features.DRAPartitionableDevicesType) ||
			old != nil && old.Spec.PartitionTypeAttribute != nil,
	}}
}

func inDevices(field func(d *device, clear bool) bool) func(s *spec, clear bool) bool {
	return claims.InList(func(s *spec) []device { return s.Devices }, field)
}

func partitions(s *spec, clear bool) bool {
	used := s.PerDeviceNodeSelection != nil || len(s.SharedCounters) > 0
	if clear {
		s.PerDeviceNodeSelection, s.SharedCounters = nil, nil
	}
	return inDevices(func(d *device, clear bool) bool {
		used := len(d.ConsumesCounters) > 0 || d.NodeName != nil || d.NodeSelector != nil || d.AllNodes != nil
		if clear {
			d.ConsumesCounters, d.NodeName, d.NodeSelector, d.AllNodes = nil, nil, nil, nil
		}
		return used
	})(s, clear) || used
}

func bindingFields(d *device, clear bool) bool {
	used := d.BindsToNode != nil || len(d.BindingConditions) > 0 || len(d.BindingFailureConditions) > 0
	if clear {
		d.BindsToNode, d.BindingConditions, d.BindingFailureConditions = nil, nil, nil
	}
	return used
}

func consumable(d *device, clear bool) bool {
	used := d.AllowMultipleAllocations != nil
	if clear {
		d.AllowMultipleAllocations = nil
	}
	for name, capacity := range d.Capacity {
		used = used || capacity.RequestPolicy != nil
		if clear {
			capacity.RequestPolicy = nil
			d.Capacity[name] = capacity
		}
	}
	return used
}

func attributeLists(d *device, clear bool) (used bool) {
	for name, a := range d.Attributes {
		used = used || len(a.IntValues)+len(a.BoolValues)+len(a.StringValues)+len(a.VersionValues) > 0
		if clear {
			a.IntValues, a.BoolValues, a.StringValues, a.VersionValues = nil, nil, nil, nil
			d.Attributes[name] = a
		}
	}
	return used
}

func nodeAllocatable(d *device, clear bool) bool {
	used := len(d.NodeAllocatableResources) > 0
	if clear {
		d.NodeAllocatableResources = nil
	}
	return used
}
