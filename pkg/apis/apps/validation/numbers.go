package validation

import (
	"strings"

	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/intstr"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
)

// Check is one thing that a number must fulfil.
type Check struct {
	name    string
	value   int64
	max     *int64
	message string
}

// Count says that a field, by its JSON name, may not be negative.
func Count[N int32 | int64](name string, value N) Check {
	return Check{name: name, value: int64(value)}
}

// AtMost says that a field, by its JSON name, may not be greater than max, of
// which the message says what it is.
func AtMost(name string, value, max int32, message string) Check {
	return Check{name, int64(value), ptr.To(int64(max)), message}
}

// ValidateNumbers checks the fields below path, in the order given.
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

// ValidateIntOrPercent wants a number that is not negative, or such a number
// with a percent sign.
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

// ValidateAtMost100Percent wants a percentage, if it is one, of 100 at most.
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

// percentOf is the number of a valid percentage.
func percentOf(n intstr.IntOrString) (int, bool) {
	if n.Type != intstr.String || !strings.HasSuffix(n.StrVal, "%") || len(utilvalidation.IsValidPercent(n.StrVal)) > 0 {
		return 0, false
	}
	percent, err := intstr.GetScaledValueFromIntOrPercent(&n, 100, false)
	return percent, err == nil
}
