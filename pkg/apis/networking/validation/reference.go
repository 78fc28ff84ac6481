// Package validation contains the validation that resources of networking.k8s.io
// share.
package validation

import (
	pathvalidation "k8s.io/apimachinery/pkg/api/validation/path"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
)

// ValidateTypedReference checks the parts of a reference to an object of any
// kind. The group may be nil, but not empty.
func ValidateTypedReference(group *string, kind, name string, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	if group != nil {
		errs = append(errs, validation.ValidateDNS1123Subdomain(*group, p.Child("apiGroup"))...)
	}
	errs = append(errs, validateSegment(kind, p.Child("kind"))...)
	return append(errs, validateSegment(name, p.Child("name"))...)
}

// validateSegment checks what becomes a part of a path.
func validateSegment(value string, p *field.Path) field.ErrorList {
	if value == "" {
		return field.ErrorList{field.Required(p, "")}
	}
	var errs field.ErrorList
	for _, msg := range pathvalidation.IsValidPathSegmentName(value) {
		errs = append(errs, field.Invalid(p, value, msg))
	}
	return errs
}
