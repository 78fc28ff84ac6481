package validation

import (
	"strings"

	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/intstr"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
)

// Check is a rule for a number.
type Check struct {
	name    string
	value   int64
	max     *int64
	message string
}

// Count returns the rule that a field must not be negative. name is the JSON
// name of the field.
func Count[N int32 | int64](name string, value N) Check {
	return Check{name: name, value: int64(value)}
}

// AtMost returns the rule that a field must not be greater than max. name is
// the JSON name of the field, and message the error message.
func AtMost(name string, value, max int32, message string) Check {
	return Check{name, int64(value), ptr.To(int64(max)), message}
}

// ValidateNumbers checks the rules in the given order. path is the path of the
// object that contains the fields.
func ValidateNumbers(path *field.Path, checks ...Check) field.ErrorList {
	var errs field.ErrorList
	for _, c := range checks {
		switch {
		case c.max == nil:
			errs = append(errs, apivalidation.ValidateNonnegativeField(c.value, path.Child(c.name))...)
		case c.value > *c.max:
			errs = append(errs, field.Invalid(path.Child(c.name), c.value, c.message))
		}
	}
	return errs
}

// ValidateIntOrPercent checks that n is a non-negative number or a non-negative
// percentage.
func ValidateIntOrPercent(n intstr.IntOrString, path *field.Path) field.ErrorList {
	if n.Type == intstr.Int {
		return apivalidation.ValidateNonnegativeField(int64(n.IntVal), path)
	}
	var errs field.ErrorList
	for _, message := range utilvalidation.IsValidPercent(n.StrVal) {
		errs = append(errs, field.Invalid(path, n, message))
	}
	return errs
}

// ValidateAtMost100Percent checks that n is at most 100% if it is a percentage.
func ValidateAtMost100Percent(n intstr.IntOrString, path *field.Path) field.ErrorList {
	if percent, ok := percentOf(n); ok && percent > 100 {
		return field.ErrorList{field.Invalid(path, n, "must not be greater than 100%")}
	}
	return nil
}

// IsZero reports whether n is 0 or 0%.
func IsZero(n intstr.IntOrString) bool {
	percent, ok := percentOf(n)
	return ok && percent == 0 || n.Type == intstr.Int && n.IntVal == 0
}

// percentOf returns the number of a percentage. The result is false if n is not
// a valid percentage.
func percentOf(n intstr.IntOrString) (int, bool) {
	if n.Type != intstr.String || !strings.HasSuffix(n.StrVal, "%") || len(utilvalidation.IsValidPercent(n.StrVal)) > 0 {
		return 0, false
	}
	percent, err := intstr.GetScaledValueFromIntOrPercent(&n, 100, false)
	return percent, err == nil
}

// ValidateCollisions checks that the collision count in a status neither
// decreases nor disappears: otherwise two different templates could get the same
// hash. path is the path of the status.
func ValidateCollisions(count, old *int32, path *field.Path) field.ErrorList {
	if old == nil || count != nil && *count >= *old {
		return nil
	}
	return field.ErrorList{field.Invalid(path.Child("collisionCount"), ptr.Deref(count, 0), "cannot be decremented")}
}
