// Package validation contains the validation that the resources of
// flowcontrol.apiserver.k8s.io share.
package validation

import "k8s.io/apimachinery/pkg/util/validation/field"

// ValidateConditions checks that no two conditions of a status have the same
// type. path is the path of the status.
func ValidateConditions[C any, T ~string](conditions []C, typeOf func(C) T, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	seen := map[T]bool{}
	for i, c := range conditions {
		at, t := path.Child("conditions").Index(i).Child("type"), typeOf(c)
		if t == "" {
			errs = append(errs, field.Required(at, ""))
		}
		if seen[t] {
			errs = append(errs, field.Duplicate(at, t))
		}
		seen[t] = true
	}
	return errs
}
