package service

import (
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/allocation"
)

var kind = schema.GroupKind{Kind: "Service"}

func invalid(s *corev1.Service, errs ...*field.Error) error {
	return apierrors.NewInvalid(kind, s.Name, errs)
}

// decideFamilies fills in the policy and the families of the addresses that
// the service gets, on a cluster that is configured for the given families.
func decideFamilies(s, old *corev1.Service, configured []corev1.IPFamily) error {
	if !hasClusterIP(s) || keepsPreference(s, old) {
		return nil
	}
	if s.Spec.IPFamilyPolicy == nil {
		s.Spec.IPFamilyPolicy = defaultPolicy(s, old)
	}
	if errs := validateClusterIPs(s, old); len(errs) > 0 {
		return invalid(s, errs...)
	}
	if old != nil {
		trimSecond(s, old)
	}
	errs := inferFamilies(s, configured)
	if len(errs) == 0 && s.Spec.ClusterIP == corev1.ClusterIPNone && len(s.Spec.Selector) == 0 {
		// The addresses are not the server's to choose: whatever families the
		// cluster has, the endpoints may be of both.
		completeFamilies(s, configured, true)
		return nil
	}
	errs = append(errs, validateConfigured(s, configured)...)
	if len(errs) > 0 {
		return invalid(s, errs...)
	}
	completeFamilies(s, configured, len(configured) > 1)
	return nil
}

// keepsPreference reports whether an update leaves a service alone that prefers
// two families: it is not upgraded because the cluster has changed.
func keepsPreference(s, old *corev1.Service) bool {
	return old != nil && hasClusterIP(old) &&
		ptr.Deref(s.Spec.IPFamilyPolicy, "") == corev1.IPFamilyPolicyPreferDualStack &&
		ptr.Deref(old.Spec.IPFamilyPolicy, "") == corev1.IPFamilyPolicyPreferDualStack &&
		sameClusterIPs(s, old) && slices.Equal(s.Spec.IPFamilies, old.Spec.IPFamilies)
}

// defaultPolicy never changes how many families there are. Headless services
// without a selector have both.
func defaultPolicy(s, old *corev1.Service) *corev1.IPFamilyPolicy {
	switch {
	case old != nil && old.Spec.IPFamilyPolicy != nil:
		return ptr.To(*old.Spec.IPFamilyPolicy)
	case s.Spec.ClusterIP == corev1.ClusterIPNone && len(s.Spec.Selector) == 0:
		return ptr.To(corev1.IPFamilyPolicyRequireDualStack)
	}
	return ptr.To(corev1.IPFamilyPolicySingleStack)
}

// trimSecond takes away the second address and family of a service that becomes
// single stack without saying so for each field.
func trimSecond(s, old *corev1.Service) {
	if *s.Spec.IPFamilyPolicy != corev1.IPFamilyPolicySingleStack || ptr.Deref(old.Spec.IPFamilyPolicy, "") == corev1.IPFamilyPolicySingleStack {
		return
	}
	if len(s.Spec.ClusterIPs) == 2 && slices.Equal(s.Spec.ClusterIPs, old.Spec.ClusterIPs) {
		s.Spec.ClusterIPs = s.Spec.ClusterIPs[:1:1]
	}
	if len(s.Spec.IPFamilies) == 2 && slices.Equal(s.Spec.IPFamilies, old.Spec.IPFamilies) {
		s.Spec.IPFamilies = s.Spec.IPFamilies[:1:1]
	}
}

// inferFamilies adds the families of the addresses that were asked for.
func inferFamilies(s *corev1.Service, configured []corev1.IPFamily) (errs field.ErrorList) {
	if isHeadless(s) {
		return nil
	}
	for i, address := range s.Spec.ClusterIPs {
		ip, err := netip.ParseAddr(address)
		if err != nil || i < len(s.Spec.IPFamilies) {
			continue
		}
		family := allocation.FamilyOf(ip)
		s.Spec.IPFamilies = append(s.Spec.IPFamilies, family)
		if !slices.Contains(configured, family) {
			errs = append(errs, field.Invalid(clusterIPsPath.Index(i), s.Spec.ClusterIPs,
				fmt.Sprintf("may not use %s on a cluster which is not configured for it", family)))
		}
	}
	return errs
}

// validateConfigured checks what was asked for against the cluster.
func validateConfigured(s *corev1.Service, configured []corev1.IPFamily) (errs field.ErrorList) {
	policy := *s.Spec.IPFamilyPolicy
	if policy == corev1.IPFamilyPolicyRequireDualStack && len(configured) < 2 {
		errs = append(errs, field.Invalid(policyPath, policy, "this cluster is not configured for dual-stack services"))
	}
	if policy == corev1.IPFamilyPolicySingleStack && !isHeadless(s) && len(s.Spec.ClusterIPs) == 2 {
		errs = append(errs, field.Invalid(policyPath, policy, "must be RequireDualStack or PreferDualStack when multiple clusterIPs are specified"))
	}
	if policy == corev1.IPFamilyPolicySingleStack && len(s.Spec.IPFamilies) == 2 {
		errs = append(errs, field.Invalid(policyPath, policy, "must be RequireDualStack or PreferDualStack when multiple ipFamilies are specified"))
	}
	for i, family := range s.Spec.IPFamilies {
		if !slices.Contains(configured, family) {
			errs = append(errs, field.Invalid(familiesPath.Index(i), family, "not configured on this cluster"))
		}
	}
	return errs
}

// completeFamilies adds the families that were left open.
func completeFamilies(s *corev1.Service, configured []corev1.IPFamily, both bool) {
	if len(s.Spec.IPFamilies) == 0 {
		s.Spec.IPFamilies = []corev1.IPFamily{configured[0]}
	}
	if len(s.Spec.IPFamilies) == 1 && both && *s.Spec.IPFamilyPolicy != corev1.IPFamilyPolicySingleStack {
		second := corev1.IPv6Protocol
		if s.Spec.IPFamilies[0] == second {
			second = corev1.IPv4Protocol
		}
		s.Spec.IPFamilies = append(s.Spec.IPFamilies, second)
	}
}
