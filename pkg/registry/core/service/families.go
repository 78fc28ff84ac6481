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

// decideFamilies sets the ipFamilyPolicy and the ipFamilies that the request
// leaves open, given the IP families of the cluster.
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
		// A headless service without selector has endpoints that users manage.
		// These can be of both families, whatever the families of the cluster
		// are.
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

// keepsPreference reports whether a service with the policy PreferDualStack is
// updated without a change of its addresses, families and policy. Such a
// service keeps its families even if those of the cluster have changed.
func keepsPreference(s, old *corev1.Service) bool {
	return old != nil && hasClusterIP(old) &&
		ptr.Deref(s.Spec.IPFamilyPolicy, "") == corev1.IPFamilyPolicyPreferDualStack &&
		ptr.Deref(old.Spec.IPFamilyPolicy, "") == corev1.IPFamilyPolicyPreferDualStack &&
		sameClusterIPs(s, old) && slices.Equal(s.Spec.IPFamilies, old.Spec.IPFamilies)
}

// defaultPolicy returns the policy of a service whose request omits it: the old
// policy, RequireDualStack for headless services without selector, or else
// SingleStack.
func defaultPolicy(s, old *corev1.Service) *corev1.IPFamilyPolicy {
	switch {
	case old != nil && old.Spec.IPFamilyPolicy != nil:
		return ptr.To(*old.Spec.IPFamilyPolicy)
	case s.Spec.ClusterIP == corev1.ClusterIPNone && len(s.Spec.Selector) == 0:
		return ptr.To(corev1.IPFamilyPolicyRequireDualStack)
	}
	return ptr.To(corev1.IPFamilyPolicySingleStack)
}

// trimSecond removes the second address and family when an update only changes
// the policy to SingleStack.
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

// inferFamilies adds the families of the addresses that the request asks for.
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

// validateConfigured checks that the cluster supports the requested policy and
// families.
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

// completeFamilies sets the families that the request leaves open: the first
// one, and with both also the second one if the policy allows two.
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
