package validation

import (
	"strings"

	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Count is a number that may not be negative, such as one of a status.
type Count struct {
	// Name is the field's JSON name.
	Name  string
	Value int64
}

// ValidateCounts checks fields below path.
func ValidateCounts(path *field.Path, counts ...Count) field.ErrorList {
	var errs field.ErrorList
	for _, c := range counts {
		errs = append(errs, apivalidation.ValidateNonnegativeField(c.Value, path.Child(c.Name))...)
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
	for _, message := range validation.IsValidPercent(n.StrVal) {
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
	if n.Type != intstr.String || !strings.HasSuffix(n.StrVal, "%") || len(validation.IsValidPercent(n.StrVal)) > 0 {
		return 0, false
	}
	percent, err := intstr.GetScaledValueFromIntOrPercent(&n, 100, false)
	return percent, err == nil
}
