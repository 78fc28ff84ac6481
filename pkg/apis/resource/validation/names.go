package validation

import (
	"strings"

	resourcev1 "k8s.io/api/resource/v1"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/volume"
)

// ValidateDriverName checks the name of a DRA driver, which is required. It has
// the form of the name of a CSI driver.
func ValidateDriverName(name string, p *field.Path) field.ErrorList {
	return volume.ValidateCSIDriverName(name, p)
}

// ValidatePoolName checks the name of a pool of devices, which is required: DNS
// subdomains separated by slashes.
func ValidatePoolName(name string, p *field.Path) field.ErrorList {
	if name == "" {
		return field.ErrorList{field.Required(p, "")}
	}
	var errs field.ErrorList
	if len(name) > resourcev1.PoolNameMaxLength {
		errs = append(errs, field.TooLong(p, name, resourcev1.PoolNameMaxLength))
	}
	for part := range strings.SplitSeq(name, "/") {
		errs = append(errs, validation.ValidateDNS1123Subdomain(part, p)...)
	}
	return errs
}

// ValidateDeviceName checks the name of a device in its pool.
func ValidateDeviceName(name string, p *field.Path) field.ErrorList {
	return validation.ValidateDNS1123Label(name, p)
}

// ValidateQualifiedName checks the name of an attribute or a capacity: a C
// identifier, after the domain that defines it and a slash where this is not the
// driver's.
func ValidateQualifiedName(name string, p *field.Path) field.ErrorList {
	switch parts := strings.Split(name, "/"); len(parts) {
	case 1:
		return validateID(name, p)
	case 2:
		return append(validateDomain(parts[0], p), validateQualifiedID(parts[1], p)...)
	}
	// kube-apiserver has no objection to names with two slashes.
	return nil
}

// validateFullyQualifiedName checks a qualified name that must have a domain.
func validateFullyQualifiedName(name resourcev1.FullyQualifiedName, p *field.Path) field.ErrorList {
	errs := ValidateQualifiedName(string(name), p)
	if !strings.Contains(string(name), "/") {
		errs = append(errs, field.Invalid(p, name, "a fully qualified name must be a domain and a name separated by a slash"))
	}
	return errs
}

func validateDomain(domain string, p *field.Path) field.ErrorList {
	if domain == "" {
		return field.ErrorList{field.Invalid(p, "", "the domain must not be empty")}
	}
	var errs field.ErrorList
	if len(domain) > resourcev1.DeviceMaxDomainLength {
		errs = append(errs, field.TooLong(p, domain, resourcev1.DeviceMaxDomainLength))
	}
	return append(errs, validation.ValidateDNS1123Subdomain(domain, p)...)
}

func validateQualifiedID(id string, p *field.Path) field.ErrorList {
	if id == "" {
		return field.ErrorList{field.Invalid(p, "", "the name must not be empty")}
	}
	return validateID(id, p)
}

func validateID(id string, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	if len(id) > resourcev1.DeviceMaxIDLength {
		errs = append(errs, field.TooLong(p, id, resourcev1.DeviceMaxIDLength))
	}
	for _, msg := range utilvalidation.IsCIdentifier(id) {
		errs = append(errs, field.Invalid(p, id, msg))
	}
	return errs
}
