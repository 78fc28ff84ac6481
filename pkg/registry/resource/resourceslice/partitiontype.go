package resourceslice

import (
	"slices"
	"strings"

	resourcev1 "k8s.io/api/resource/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// validatePartitionTypes checks that every device that consumes counters has the
// attribute that names its type, and that all devices of a type consume the same.
func validatePartitionTypes(s *spec) field.ErrorList {
	if s.PartitionTypeAttribute == nil {
		return nil
	}
	var errs field.ErrorList
	costs := map[string][]resourcev1.DeviceCounterConsumption{}
	for i := range s.Devices {
		d, p := &s.Devices[i], specPath.Child("devices").Index(i)
		if len(d.ConsumesCounters) == 0 {
			continue
		}
		value := partitionType(s, d)
		if value == nil {
			errs = append(errs, field.Required(p.Child("attributes").Key(string(*s.PartitionTypeAttribute)),
				"a device that consumes counters must have the string attribute that partitionTypeAttribute names"))
			continue
		}
		if cost, ok := costs[*value]; ok && !apiequality.Semantic.DeepEqual(cost, d.ConsumesCounters) {
			errs = append(errs, field.Invalid(p.Child("consumesCounters"), *value, "must be the same for all devices of the partition type"))
		} else if !ok {
			costs[*value] = d.ConsumesCounters
		}
	}
	return errs
}

// partitionType returns the type of a device. An attribute without a domain is in
// the domain of the driver.
func partitionType(s *spec, d *device) *string {
	name := string(*s.PartitionTypeAttribute)
	if a, ok := d.Attributes[resourcev1.QualifiedName(name)]; ok {
		return a.StringValue
	}
	if own, ok := strings.CutPrefix(name, s.Driver+"/"); ok {
		return d.Attributes[resourcev1.QualifiedName(own)].StringValue
	}
	return nil
}

// validateSkippedOperations checks that resources which are prepared without the
// driver are unprepared without it too.
func validateSkippedOperations(s *spec) field.ErrorList {
	skips := func(operation resourcev1.SkipNodeOperation) bool {
		return slices.Contains(s.SkipNodeOperations, operation)
	}
	if skips(resourcev1.SkipNodeOperationNodePrepareResources) && !skips(resourcev1.SkipNodeOperationNodeUnprepareResources) &&
		!skips(resourcev1.SkipNodeOperationAll) {
		return field.ErrorList{field.Invalid(specPath.Child("skipNodeOperations"), s.SkipNodeOperations,
			"NodePrepareResources requires NodeUnprepareResources")}
	}
	return nil
}
