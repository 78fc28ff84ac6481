package podspec

import (
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// invalid makes an error of each complaint about the value.
func invalid(p *field.Path, value any, complaints []string) field.ErrorList {
	var errs field.ErrorList
	for _, msg := range complaints {
		errs = append(errs, field.Invalid(p, value, msg))
	}
	return errs
}

// notNegative checks that the number is not below zero.
func notNegative(n int64, p *field.Path) field.ErrorList {
	return apivalidation.ValidateNonnegativeField(n, p)
}

// use says whether a field is set.
type use struct {
	name string
	set  bool
}

// forbid refuses the fields that are set.
func forbid(p *field.Path, why string, uses []use) field.ErrorList {
	var errs field.ErrorList
	for _, u := range uses {
		if u.set {
			errs = append(errs, field.Forbidden(p.Child(u.name), why))
		}
	}
	return errs
}
