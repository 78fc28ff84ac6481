package service

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	netutils "k8s.io/utils/net"
	"k8s.io/utils/ptr"

	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
)

var (
	policies = []corev1.IPFamilyPolicy{corev1.IPFamilyPolicyPreferDualStack, corev1.IPFamilyPolicyRequireDualStack, corev1.IPFamilyPolicySingleStack}
	families = []corev1.IPFamily{corev1.IPv4Protocol, corev1.IPv6Protocol}
)

// validateClusterIPs checks that the addresses, the families and the policy are
// consistent. It is called before and after the allocation.
func validateClusterIPs(s, old *corev1.Service) (errs field.ErrorList) {
	spec := &s.Spec
	if spec.Type == corev1.ServiceTypeExternalName {
		const none = "may not be set for ExternalName services"
		for _, f := range []struct {
			set  bool
			path *field.Path
		}{{len(spec.ClusterIPs) > 0, clusterIPsPath}, {len(spec.IPFamilies) > 0, familiesPath}, {spec.IPFamilyPolicy != nil, policyPath}} {
			if f.set {
				errs = append(errs, field.Forbidden(f.path, none))
			}
		}
		return errs
	}
	if len(spec.ClusterIPs) > 0 && spec.ClusterIP == "" {
		errs = append(errs, field.Invalid(clusterIPsPath, spec.ClusterIPs, "must be empty when `clusterIP` is not specified"))
	}
	if spec.ClusterIP != "" {
		if len(spec.ClusterIPs) == 0 {
			errs = append(errs, field.Required(clusterIPsPath, ""))
		} else if spec.ClusterIPs[0] != spec.ClusterIP {
			errs = append(errs, field.Invalid(clusterIPsPath, spec.ClusterIPs, "first value must match `clusterIP`"))
		}
	}
	errs = append(errs, validateFamilies(spec)...)
	return append(errs, validateAddresses(s, old)...)
}

func validateFamilies(spec *corev1.ServiceSpec) (errs field.ErrorList) {
	if policy := spec.IPFamilyPolicy; policy != nil {
		errs = append(errs, metavalidation.ValidateOneOf(*policy, policyPath, policies...)...)
	}
	seen := map[corev1.IPFamily]bool{}
	for i, family := range spec.IPFamilies {
		errs = append(errs, metavalidation.ValidateOneOf(family, familiesPath.Index(i), families...)...)
		if seen[family] {
			errs = append(errs, field.Duplicate(familiesPath.Index(i), family))
		}
		seen[family] = true
	}
	return errs
}

func validateAddresses(s, old *corev1.Service) (errs field.ErrorList) {
	addresses := s.Spec.ClusterIPs
	var before []string
	if old != nil {
		before = old.Spec.ClusterIPs
	}
	for i, ip := range addresses {
		if i == 0 && ip == corev1.ClusterIPNone {
			if len(addresses) > 1 {
				errs = append(errs, field.Invalid(clusterIPsPath, addresses, "'None' must be the first and only value"))
			}
			continue
		}
		errs = append(errs, utilvalidation.IsValidIPForLegacyField(clusterIPsPath.Index(i), ip, true, before)...)
	}
	wrong := len(errs) > 0
	if len(addresses) > 2 {
		errs = append(errs, field.Invalid(clusterIPsPath, addresses, "may only hold up to 2 values"))
	}
	if wrong {
		return errs
	}
	if len(addresses) > 1 {
		if dual, err := netutils.IsDualStackIPStrings(addresses); err != nil || !dual {
			errs = append(errs, field.Invalid(clusterIPsPath, addresses, "may specify no more than one IP for each IP family"))
		}
	}
	if isHeadless(s) {
		return errs
	}
	for i, family := range s.Spec.IPFamilies {
		if i < len(addresses) && netutils.IsIPv6String(addresses[i]) != (family == corev1.IPv6Protocol) {
			errs = append(errs, field.Invalid(clusterIPsPath.Index(i), addresses[i], fmt.Sprintf("expected an %s value as indicated by `ipFamilies[%d]`", family, i)))
		}
	}
	return errs
}

// validateKept checks that a service keeps its first address and family. The
// second ones can be added and removed together with a change of the policy.
func validateKept(s, old *corev1.Service) field.ErrorList {
	if !hasClusterIP(s) || !hasClusterIP(old) {
		return nil
	}
	errs := validateKeptList(s, s.Spec.ClusterIPs, old.Spec.ClusterIPs, clusterIPsPath, "clusterIP")
	if isHeadless(s) && len(s.Spec.Selector) == 0 {
		return errs
	}
	return append(errs, validateKeptList(s, s.Spec.IPFamilies, old.Spec.IPFamilies, familiesPath, "ipFamily")...)
}

func validateKeptList[T ~string](s *corev1.Service, now, before []T, path *field.Path, what string) (errs field.ErrorList) {
	const fixed = "may not change once set"
	if len(before) == 0 {
		return nil
	}
	if len(now) == 0 {
		return field.ErrorList{field.Invalid(path.Index(0), now, "primary "+what+" can not be unset")}
	}
	if now[0] != before[0] {
		errs = append(errs, field.Invalid(path.Index(0), now, fixed))
	}
	if len(before) < 2 {
		return errs
	}
	switch {
	case len(now) > 1:
		if now[1] != before[1] {
			errs = append(errs, field.Invalid(path.Index(1), now, fixed))
		}
	case ptr.Deref(s.Spec.IPFamilyPolicy, "") != corev1.IPFamilyPolicySingleStack:
		errs = append(errs, field.Invalid(policyPath, s.Spec.IPFamilyPolicy, "must be set to 'SingleStack' when releasing the secondary "+what))
	}
	return errs
}
