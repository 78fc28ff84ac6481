package resourceslice

import (
	"context"

	resourcev1 "k8s.io/api/resource/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	resourcevalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/resource/validation"
)

var (
	specPath     = field.NewPath("spec")
	poolNamePath = specPath.Child("pool", "name")
	driverPath   = specPath.Child("driver")
	nodeNamePath = specPath.Child("nodeName")
)

func validate(_ context.Context, s object) field.ErrorList {
	return append(validatePool(&s.Spec), validateContent(&s.Spec)...)
}

func validateUpdate(_ context.Context, s, old object) field.ErrorList {
	errs := validatePool(&s.Spec)
	errs = append(errs, immutable(s.Spec.Pool.Name, old.Spec.Pool.Name, poolNamePath)...)
	errs = append(errs, immutable(s.Spec.Driver, old.Spec.Driver, driverPath)...)
	errs = append(errs, immutable(s.Spec.NodeName, old.Spec.NodeName, nodeNamePath)...)
	return append(errs, validateContent(&s.Spec)...)
}

func immutable(value, old any, p *field.Path) field.ErrorList {
	if apiequality.Semantic.DeepEqual(value, old) {
		return nil
	}
	return field.ErrorList{field.Invalid(p, value, "field is immutable")}
}

// validatePool checks to which pool the slice belongs.
func validatePool(s *spec) field.ErrorList {
	errs := resourcevalidation.ValidateDriverName(s.Driver, driverPath)
	errs = append(errs, resourcevalidation.ValidatePoolName(s.Pool.Name, poolNamePath)...)
	p := specPath.Child("pool")
	if count := s.Pool.ResourceSliceCount; count <= 0 {
		errs = append(errs, field.Invalid(p.Child("resourceSliceCount"), count, "must be greater than zero"))
	}
	if s.Pool.Generation < 0 {
		errs = append(errs, field.Invalid(p.Child("generation"), s.Pool.Generation, "must be greater than or equal to zero"))
	}
	return errs
}

// validateContent checks where the devices are, and the devices or the counters
// that they share.
func validateContent(s *spec) field.ErrorList {
	errs := validateNodes(s)
	if len(s.SharedCounters) > 0 && len(s.Devices) > 0 {
		errs = append(errs, field.Invalid(specPath, "", "only one of `sharedCounters` or `devices` is allowed"))
	}
	perDevice := ptr.Deref(s.PerDeviceNodeSelection, false)
	errs = append(errs, resourcevalidation.ValidateSet(s.Devices, maxDevices(s.Devices), specPath.Child("devices"),
		func(d *device) string { return d.Name },
		func(d *device, p *field.Path) field.ErrorList { return validateDevice(d, perDevice, p) })...)
	errs = append(errs, validatePartitionTypes(s)...)
	errs = append(errs, validateSkippedOperations(s)...)
	return append(errs, resourcevalidation.ValidateSet(s.SharedCounters, resourcev1.ResourceSliceMaxCounterSets, specPath.Child("sharedCounters"),
		func(c *resourcev1.CounterSet) string { return c.Name }, validateCounterSet)...)
}

// maxDevices is how many devices may be in a slice. It is half as many where one
// of them has what makes a device large.
func maxDevices(devices []device) int {
	for i := range devices {
		d := &devices[i]
		if len(d.Taints) > 0 || len(d.ConsumesCounters) > 0 || attributeLists(d, false) {
			return resourcev1.ResourceSliceMaxDevicesWithAdvancedFeatures
		}
	}
	return resourcev1.ResourceSliceMaxDevices
}
