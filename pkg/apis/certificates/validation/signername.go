// Package validation has the rules that the resources of certificates.k8s.io
// share.
package validation

import (
	"fmt"
	"strings"

	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// The longest signer name: a domain, a slash, and a path that can hold the name
// of a namespaced object, "<namespace>.<name>". All in bytes.
const (
	maxDomain     = utilvalidation.DNS1123SubdomainMaxLength
	maxPath       = utilvalidation.DNS1123LabelMaxLength + 1 + utilvalidation.DNS1123SubdomainMaxLength
	maxSignerName = maxDomain + 1 + maxPath
)

// ValidateSignerName checks the name of a signer: a domain with at least one dot,
// one slash and a path, such as example.com/signer-name.
func ValidateSignerName(name string, p *field.Path) field.ErrorList {
	if name == "" {
		return field.ErrorList{field.Required(p, "")}
	}
	domain, path, found := strings.Cut(name, "/")
	if !found || strings.Contains(path, "/") {
		return field.ErrorList{field.Invalid(p, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")}
	}
	var errs field.ErrorList
	if len(domain) > maxDomain {
		errs = append(errs, field.TooLong(p, domain, maxDomain))
	}
	errs = append(errs, validateLabels(domain, utilvalidation.IsDNS1123Label, p)...)
	if !strings.Contains(domain, ".") {
		errs = append(errs, field.Invalid(p, domain, "should be a domain with at least two segments separated by dots"))
	}
	errs = append(errs, validateLabels(path, utilvalidation.IsDNS1123Subdomain, p)...)
	if len(name) > maxSignerName {
		errs = append(errs, field.TooLong(p, name, maxSignerName))
	}
	return errs
}

// validateLabels checks the parts that dots separate, up to the first wrong one.
func validateLabels(value string, check func(string) []string, p *field.Path) (errs field.ErrorList) {
	for label := range strings.SplitSeq(value, ".") {
		for _, complaint := range check(label) {
			errs = append(errs, field.Invalid(p, value, fmt.Sprintf("validating label %q: %s", label, complaint)))
		}
		if len(errs) > 0 {
			break
		}
	}
	return errs
}
