package resourceslice

import (
	"github.com/blang/semver/v4"
	resourcev1 "k8s.io/api/resource/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
	resourcevalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/resource/validation"
)

// countValues returns how many values the attributes have together.
func countValues(attributes map[resourcev1.QualifiedName]resourcev1.DeviceAttribute) int {
	total := 0
	for _, a := range attributes {
		total += singleValues(a) + len(a.IntValues) + len(a.BoolValues) + len(a.StringValues) + len(a.VersionValues)
	}
	return total
}

// singleValues returns how many of the fields that are no lists are set.
func singleValues(a resourcev1.DeviceAttribute) int {
	return count(a.IntValue != nil, a.BoolValue != nil, a.StringValue != nil, a.VersionValue != nil)
}

// count returns how many of the conditions are true.
func count(conditions ...bool) int {
	n := 0
	for _, c := range conditions {
		if c {
			n++
		}
	}
	return n
}

// validateAttribute checks an attribute, which has one value or one list of values.
func validateAttribute(a resourcev1.DeviceAttribute, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	if a.StringValue != nil {
		errs = append(errs, validateString(a.StringValue, p.Child("string"))...)
	}
	if a.VersionValue != nil {
		errs = append(errs, validateVersion(a.VersionValue, p.Child("version"))...)
	}
	errs = append(errs, validateValues(a.IntValues, p.Child("ints"), anyValue)...)
	errs = append(errs, validateValues(a.BoolValues, p.Child("bools"), anyValue)...)
	errs = append(errs, validateValues(a.StringValues, p.Child("strings"), validateString)...)
	errs = append(errs, validateValues(a.VersionValues, p.Child("versions"), validateVersion)...)
	lists := count(a.IntValues != nil, a.BoolValues != nil, a.StringValues != nil, a.VersionValues != nil)
	switch singleValues(a) + lists {
	case 0:
		errs = append(errs, field.Invalid(p, "", "exactly one value must be specified"))
	case 1:
	default:
		errs = append(errs, field.Invalid(p, goform.Of(a), "exactly one value must be specified"))
	}
	return errs
}

// validateValues checks a list of values, which is empty or has some.
func validateValues[T any](values []T, p *field.Path, validate func(*T, *field.Path) field.ErrorList) field.ErrorList {
	if values != nil && len(values) == 0 {
		return field.ErrorList{field.Invalid(p, values, "must not be empty if specified")}
	}
	return resourcevalidation.ValidateList(values, len(values), p, validate)
}

func anyValue[T any](*T, *field.Path) field.ErrorList { return nil }

func validateString(value *string, p *field.Path) field.ErrorList {
	if len(*value) > resourcev1.DeviceAttributeMaxValueLength {
		return field.ErrorList{field.TooLong(p, *value, resourcev1.DeviceAttributeMaxValueLength)}
	}
	return nil
}

func validateVersion(value *string, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	if _, err := semver.Parse(*value); err != nil {
		errs = append(errs, field.Invalid(p, *value, "must be a string compatible with semver.org spec 2.0.0"))
	}
	return append(errs, validateString(value, p)...)
}
