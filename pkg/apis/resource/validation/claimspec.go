package validation

import (
	resourcev1 "k8s.io/api/resource/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
)

// ValidateClaimSpec checks the spec of a claim or of a template for claims.
func ValidateClaimSpec(spec *resourcev1.ResourceClaimSpec, p *field.Path) field.ErrorList {
	claim, names := &spec.Devices, RequestNamesOf(spec)
	p = p.Child("devices")
	errs := ValidateSet(claim.Requests, resourcev1.DeviceRequestsMaxSize, p.Child("requests"),
		func(r *resourcev1.DeviceRequest) string { return r.Name }, validateRequest)
	errs = append(errs, validateDerivedAttributes(claim, p)...)
	errs = append(errs, ValidateList(claim.Constraints, resourcev1.DeviceConstraintsMaxSize, p.Child("constraints"), names.validateConstraint)...)
	return append(errs, ValidateList(claim.Config, resourcev1.DeviceConfigMaxSize, p.Child("config"),
		func(c *resourcev1.DeviceClaimConfiguration, p *field.Path) field.ErrorList {
			errs := names.ValidateReferences(c.Requests, p.Child("requests"))
			return append(errs, ValidateConfiguration(&c.DeviceConfiguration, false, p)...)
		})...)
}

func validateRequest(r *resourcev1.DeviceRequest, p *field.Path) field.ErrorList {
	const oneOf = "exactly one of `exactly` or `firstAvailable` is required"
	errs := validation.ValidateDNS1123Label(r.Name, p.Child("name"))
	switch {
	case r.Exactly != nil && len(r.FirstAvailable) > 0:
		return append(errs, field.Invalid(p, nil, oneOf+", but multiple fields are set"))
	case r.Exactly != nil:
		return append(errs, validateExactly(r.Exactly, p.Child("exactly"))...)
	case len(r.FirstAvailable) > 0:
		return append(errs, ValidateSet(r.FirstAvailable, resourcev1.FirstAvailableDeviceRequestMaxSize, p.Child("firstAvailable"),
			func(r *resourcev1.DeviceSubRequest) string { return r.Name }, validateSubRequest)...)
	}
	return append(errs, field.Required(p, oneOf))
}

// validateExactly does not check the capacities that are requested, as
// kube-apiserver does not: the scheduler compares them with what devices have.
func validateExactly(r *resourcev1.ExactDeviceRequest, p *field.Path) field.ErrorList {
	errs := validateClassName(r.DeviceClassName, p.Child("deviceClassName"))
	errs = append(errs, ValidateSelectors(r.Selectors, nil, p.Child("selectors"))...)
	errs = append(errs, validateCount(r.AllocationMode, r.Count, p)...)
	return append(errs, validateTolerations(r.Tolerations, p.Child("tolerations"))...)
}

func validateSubRequest(r *resourcev1.DeviceSubRequest, p *field.Path) field.ErrorList {
	errs := validation.ValidateDNS1123Label(r.Name, p.Child("name"))
	errs = append(errs, validateClassName(r.DeviceClassName, p.Child("deviceClassName"))...)
	errs = append(errs, ValidateSelectors(r.Selectors, nil, p.Child("selectors"))...)
	errs = append(errs, validateCount(r.AllocationMode, r.Count, p)...)
	return append(errs, validateTolerations(r.Tolerations, p.Child("tolerations"))...)
}

// validateTolerations accepts any number of tolerations, as kube-apiserver does in
// spite of the documented limit.
func validateTolerations(tolerations []resourcev1.DeviceToleration, p *field.Path) field.ErrorList {
	return ValidateList(tolerations, len(tolerations), p, validateToleration)
}

func validateClassName(name string, p *field.Path) field.ErrorList {
	if name == "" {
		return field.ErrorList{field.Required(p, "")}
	}
	return validation.ValidateDNS1123Subdomain(name, p)
}

// validateCount checks how many devices are requested. p is the path of the
// request.
func validateCount(mode resourcev1.DeviceAllocationMode, count int64, p *field.Path) field.ErrorList {
	switch at := p.Child("count"); mode {
	case resourcev1.DeviceAllocationModeAll:
		if count != 0 {
			return field.ErrorList{field.Invalid(at, count, "must not be specified when allocationMode is 'All'")}
		}
	case resourcev1.DeviceAllocationModeExactCount:
		if count <= 0 {
			return field.ErrorList{field.Invalid(at, count, "must be greater than zero")}
		}
	default:
		return metavalidation.ValidateOneOf(mode, p.Child("allocationMode"),
			resourcev1.DeviceAllocationModeAll, resourcev1.DeviceAllocationModeExactCount)
	}
	return nil
}
