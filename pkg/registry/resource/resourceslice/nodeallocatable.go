package resourceslice

import (
	"maps"
	"slices"

	resourcev1 "k8s.io/api/resource/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
)

// validateNodeAllocatable checks which resources of the node a device consumes, in
// the order of their names. They are those of Kubernetes itself.
func validateNodeAllocatable(d *device, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, name := range slices.Sorted(maps.Keys(d.NodeAllocatableResources)) {
		errs = append(errs, validation.ValidateResourceName(name, p)...)
		if !validation.IsNativeResource(name) {
			errs = append(errs, field.Invalid(p, name, "must not be an extended resource"))
		}
		r, at := d.NodeAllocatableResources[name], p.Key(string(name))
		if r.Mapping == nil && r.Overhead == nil {
			errs = append(errs, field.Required(at, "at least one of `mapping` or `overhead` is required"))
		}
		if r.Mapping != nil {
			errs = append(errs, validateMapping(r.Mapping, d.Capacity, at.Child("mapping"))...)
		}
		if r.Overhead != nil {
			errs = append(errs, validateAmount(r.Overhead.PerPod, at.Child("overhead", "perPod"))...)
			errs = append(errs, validateAmount(r.Overhead.PerContainer, at.Child("overhead", "perContainer"))...)
		}
	}
	return errs
}

// validateMapping checks how an amount follows from the number of devices, or from
// one of their capacities. That it follows from one of them is a tag of the type.
func validateMapping(m *resourcev1.NodeAllocatableMapping, capacity map[resourcev1.QualifiedName]resourcev1.DeviceCapacity, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	multiplier := p.Child("capacityMultiplier")
	switch {
	case m.CapacityKey == nil && m.CapacityMultiplier != nil:
		errs = append(errs, field.Required(p.Child("capacityKey"), "required when capacityMultiplier is specified"))
	case m.CapacityKey != nil && m.CapacityMultiplier == nil:
		errs = append(errs, field.Required(multiplier, "required when capacityKey is specified"))
	}
	if m.CapacityKey != nil {
		if _, ok := capacity[*m.CapacityKey]; !ok {
			errs = append(errs, field.Invalid(p.Child("capacityKey"), *m.CapacityKey, "must be the name of a capacity of the device"))
		}
	}
	errs = append(errs, validateAmount(m.CapacityMultiplier, multiplier)...)
	return append(errs, validateAmount(m.DeviceMultiplier, p.Child("deviceMultiplier"))...)
}

func validateAmount(q *resource.Quantity, p *field.Path) field.ErrorList {
	if q == nil {
		return nil
	}
	return validation.ValidateNonnegativeQuantity(*q, p)
}
