package validation

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// ValidateOneOf checks that the value is one of the supported values. The error
// lists them in the given order.
func ValidateOneOf[T ~string](value T, path *field.Path, supported ...T) field.ErrorList {
	if slices.Contains(supported, value) {
		return nil
	}
	return field.ErrorList{field.NotSupported(path, value, supported)}
}

// ValidateRequiredOneOf is like ValidateOneOf, but returns a required error if
// the value is empty.
func ValidateRequiredOneOf[T ~string](value T, path *field.Path, supported ...T) field.ErrorList {
	if value == "" {
		return field.ErrorList{field.Required(path, "")}
	}
	return ValidateOneOf(value, path, supported...)
}
