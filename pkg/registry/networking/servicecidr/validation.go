package servicecidr

import (
	"context"

	networkingv1 "k8s.io/api/networking/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	netutils "k8s.io/utils/net"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
)

var cidrsPath = field.NewPath("spec", "cidrs")

func validate(_ context.Context, c *networkingv1.ServiceCIDR) field.ErrorList {
	return validateSpec(&c.Spec)
}

// validateUpdate refuses all changes except adding a range of the second IP
// family.
func validateUpdate(_ context.Context, c, old *networkingv1.ServiceCIDR) (errs field.ErrorList) {
	now, before := c.Spec.CIDRs, old.Spec.CIDRs
	grows := len(before) == 1 && len(now) == 2
	if len(now) != len(before) && !grows {
		return field.ErrorList{field.Invalid(cidrsPath, now, apivalidation.FieldImmutableErrorMsg)}
	}
	for i, cidr := range before {
		if now[i] != cidr {
			errs = append(errs, field.Invalid(cidrsPath.Index(i), now[i], apivalidation.FieldImmutableErrorMsg))
		}
	}
	if grows {
		errs = append(errs, validateSpec(&c.Spec)...)
	}
	return errs
}

func validateSpec(spec *networkingv1.ServiceCIDRSpec) field.ErrorList {
	if len(spec.CIDRs) == 0 {
		return field.ErrorList{field.Required(cidrsPath, "at least one CIDR required")}
	}
	if len(spec.CIDRs) > 2 {
		return field.ErrorList{field.Invalid(cidrsPath, goform.Of(spec), "may only hold up to 2 values")}
	}
	var errs field.ErrorList
	for i, cidr := range spec.CIDRs {
		errs = append(errs, utilvalidation.IsValidCIDR(cidrsPath.Index(i), cidr)...)
	}
	if len(spec.CIDRs) == 2 && len(errs) == 0 {
		if dual, err := netutils.IsDualStackCIDRStrings(spec.CIDRs); err == nil && !dual {
			errs = append(errs, field.Invalid(cidrsPath, spec.CIDRs, "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"))
		}
	}
	return errs
}

func warningsOnCreate(_ context.Context, c *networkingv1.ServiceCIDR) (warnings []string) {
	for i, cidr := range c.Spec.CIDRs {
		warnings = append(warnings, utilvalidation.GetWarningsForCIDR(cidrsPath.Index(i), cidr)...)
	}
	return warnings
}
