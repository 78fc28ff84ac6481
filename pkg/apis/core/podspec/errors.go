package podspec

import (
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// invalid returns an error for each message about the value.
func invalid(p *field.Path, value any, complaints []string) field.ErrorList {
	var errs field.ErrorList
	for _, msg := range complaints {
		errs = append(errs, field.Invalid(p, value, msg))
	}
	return errs
}

// notNegative checks that the number is at least zero.
func notNegative(n int64, p *field.Path) field.ErrorList {
	return apivalidation.ValidateNonnegativeField(n, p)
}

// use is a field with its name, and tells whether it is set.
type use struct {
	name string
	set  bool
}

// forbid returns an error for each field that is set.
func forbid(p *field.Path, why string, uses []use) field.ErrorList {
	var errs field.ErrorList
	for _, u := range uses {
		if u.set {
			errs = append(errs, field.Forbidden(p.Child(u.name), why))
		}
	}
	return errs
}
