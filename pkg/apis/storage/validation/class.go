// Package validation contains the validation that resources of storage.k8s.io
// share.
package validation

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
)

// The limits of a class's parameters: how many there may be, and the sum of the
// lengths of their keys and values in bytes.
const (
	maxParameters     = 512
	maxParametersSize = 256 * 1024
)

// ValidateDriverName checks the name of the driver or provisioner of a class: a
// name with an optional domain, in upper or lower case.
func ValidateDriverName(name string, p *field.Path) field.ErrorList {
	if name == "" {
		return field.ErrorList{field.Required(p, "")}
	}
	return validation.ValidateQualifiedName(strings.ToLower(name), p)
}

// ValidateParameters checks what a class hands over to its driver.
func ValidateParameters(parameters map[string]string, p *field.Path) field.ErrorList {
	if len(parameters) > maxParameters {
		return field.ErrorList{field.TooLong(p, "" /* the parameters are not repeated */, maxParameters)}
	}
	var errs field.ErrorList
	size := 0
	for key, value := range parameters {
		if key == "" {
			errs = append(errs, field.Invalid(p, key, "field can not be empty."))
		}
		size += len(key) + len(value)
	}
	if size > maxParametersSize {
		errs = append(errs, field.TooLong(p, "", maxParametersSize))
	}
	return errs
}
