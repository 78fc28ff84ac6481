package service

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/utils/ptr"
)

// warnings returns warnings about deprecated fields and fields without effect.
func warnings(s *corev1.Service) (out []string) {
	spec := &s.Spec
	if _, set := s.Annotations[corev1.DeprecatedAnnotationTopologyAwareHints]; set {
		out = append(out,
			fmt.Sprintf("annotation %s is deprecated, please use %s instead", corev1.DeprecatedAnnotationTopologyAwareHints, corev1.AnnotationTopologyMode))
	}
	if isHeadless(s) {
		const ignored = "%s is ignored for headless services"
		if spec.LoadBalancerIP != "" {
			out = append(out, fmt.Sprintf(ignored, "spec.loadBalancerIP"))
		}
		if len(spec.ExternalIPs) > 0 {
			out = append(out, fmt.Sprintf(ignored, "spec.externalIPs"))
		}
		if spec.SessionAffinity != corev1.ServiceAffinityNone {
			out = append(out, fmt.Sprintf(ignored, "spec.SessionAffinity"))
		}
	} else {
		out = append(out, addressWarnings(spec)...)
	}
	for i, cidr := range spec.LoadBalancerSourceRanges {
		out = append(out, utilvalidation.GetWarningsForCIDR(specPath.Child("loadBalancerSourceRanges").Index(i), cidr)...)
	}
	if spec.Type != corev1.ServiceTypeExternalName && spec.ExternalName != "" {
		out = append(out, fmt.Sprintf("spec.externalName is ignored when spec.type is not %q", corev1.ServiceTypeExternalName))
	}
	if ptr.Deref(spec.TrafficDistribution, "") == corev1.ServiceTrafficDistributionPreferClose {
		out = append(out, fmt.Sprintf("spec.trafficDistribution: %q is deprecated; use %q",
			corev1.ServiceTrafficDistributionPreferClose, corev1.ServiceTrafficDistributionPreferSameZone))
	}
	return out
}

func addressWarnings(spec *corev1.ServiceSpec) (out []string) {
	switch {
	case len(spec.ExternalIPs) == 0:
	case spec.Type == corev1.ServiceTypeExternalName:
		out = append(out, fmt.Sprintf("spec.externalIPs is ignored when spec.type is %q", spec.Type))
	default:
		out = append(out, "spec.externalIPs is deprecated and may no longer be implemented in some clusters")
	}
	for i, ip := range spec.ClusterIPs {
		out = append(out, utilvalidation.GetWarningsForIP(clusterIPsPath.Index(i), ip)...)
	}
	for i, ip := range spec.ExternalIPs {
		out = append(out, utilvalidation.GetWarningsForIP(specPath.Child("externalIPs").Index(i), ip)...)
	}
	if spec.LoadBalancerIP != "" {
		out = append(out, utilvalidation.GetWarningsForIP(specPath.Child("loadBalancerIP"), spec.LoadBalancerIP)...)
	}
	return out
}
