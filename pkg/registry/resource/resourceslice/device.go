package resourceslice

import (
	"maps"
	"slices"

	resourcev1 "k8s.io/api/resource/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	resourcevalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/resource/validation"
)

func validateDevice(d *device, perDeviceNodes bool, p *field.Path) field.ErrorList {
	errs := resourcevalidation.ValidateDeviceName(d.Name, p.Child("name"))
	if count, limit := len(d.Attributes)+len(d.Capacity), resourcev1.ResourceSliceMaxAttributesAndCapacitiesPerDevice; count > limit {
		errs = append(errs, field.Invalid(p, count, "the total number of attributes and capacities must not exceed 32"))
	}
	if count, limit := countValues(d.Attributes), resourcev1.ResourceSliceMaxAttributeValuesPerDevice; count > limit {
		errs = append(errs, field.Invalid(p, count, "the total number of attribute values must not exceed 48"))
	}
	errs = append(errs, validateQualified(d.Attributes, p.Child("attributes"), validateAttribute)...)
	shared := ptr.Deref(d.AllowMultipleAllocations, false)
	errs = append(errs, validateQualified(d.Capacity, p.Child("capacity"),
		func(c resourcev1.DeviceCapacity, p *field.Path) field.ErrorList {
			return validateCapacity(c, shared, p)
		})...)
	errs = append(errs, resourcevalidation.ValidateList(d.Taints, resourcev1.DeviceTaintsMaxLength, p.Child("taints"), resourcevalidation.ValidateTaint)...)
	errs = append(errs, resourcevalidation.ValidateSet(
		d.ConsumesCounters, resourcev1.ResourceSliceMaxDeviceCounterConsumptionsPerDevice, p.Child("consumesCounters"),
		func(c *resourcev1.DeviceCounterConsumption) string { return c.CounterSet },
		func(c *resourcev1.DeviceCounterConsumption, p *field.Path) field.ErrorList {
			return validateCounters(c.CounterSet, p.Child("counterSet"), c.Counters, p.Child("counters"))
		})...)
	errs = append(errs, validateDeviceNodes(d, perDeviceNodes, p)...)
	errs = append(errs, validateNodeAllocatable(d, p.Child("nodeAllocatableResources"))...)
	return append(errs, resourcevalidation.ValidateBindingConditions(d.BindingConditions, d.BindingFailureConditions, p)...)
}

// validateQualified checks a map with qualified names as keys, in the order of the
// names. Errors in a name have the path of the map, as in kube-apiserver.
func validateQualified[V any](values map[resourcev1.QualifiedName]V, p *field.Path, validate func(V, *field.Path) field.ErrorList) field.ErrorList {
	var errs field.ErrorList
	for _, name := range slices.Sorted(maps.Keys(values)) {
		errs = append(errs, resourcevalidation.ValidateQualifiedName(string(name), p)...)
		errs = append(errs, validate(values[name], p.Key(string(name)))...)
	}
	return errs
}

func validateCounterSet(c *resourcev1.CounterSet, p *field.Path) field.ErrorList {
	return validateCounters(c.Name, p.Child("name"), c.Counters, p.Child("counters"))
}

// validateCounters checks the name of a set of counters, and those of the counters.
func validateCounters(set string, setPath *field.Path, counters map[string]resourcev1.Counter, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	if set == "" {
		errs = append(errs, field.Required(setPath, ""))
	} else {
		errs = append(errs, validation.ValidateDNS1123Label(set, setPath)...)
	}
	switch limit := resourcev1.ResourceSliceMaxCountersPerCounterSet; {
	case len(counters) == 0:
		return append(errs, field.Required(p, ""))
	case len(counters) > limit:
		return append(errs, field.TooMany(p, len(counters), limit))
	}
	for _, name := range slices.Sorted(maps.Keys(counters)) {
		errs = append(errs, validation.ValidateDNS1123Label(name, p)...)
	}
	return errs
}
