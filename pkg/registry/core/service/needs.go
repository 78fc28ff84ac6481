package service

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

func isHeadless(s *corev1.Service) bool {
	return s.Spec.ClusterIP == corev1.ClusterIPNone || len(s.Spec.ClusterIPs) > 0 && s.Spec.ClusterIPs[0] == corev1.ClusterIPNone
}

// hasClusterIP reports whether services of this type have a clusterIP, which is
// None for headless services.
func hasClusterIP(s *corev1.Service) bool { return s.Spec.Type != corev1.ServiceTypeExternalName }

// allocatesClusterIP reports whether addresses have to be allocated for the
// service.
func allocatesClusterIP(s *corev1.Service) bool { return hasClusterIP(s) && !isHeadless(s) }

// hasNodePorts reports whether the ports of a service of this type can have node ports.
func hasNodePorts(s *corev1.Service) bool {
	return s.Spec.Type == corev1.ServiceTypeNodePort || s.Spec.Type == corev1.ServiceTypeLoadBalancer
}

// allocatesNodePorts reports whether a node port is allocated for each port of
// the service that does not request one.
func allocatesNodePorts(s *corev1.Service) bool {
	return s.Spec.Type == corev1.ServiceTypeNodePort ||
		s.Spec.Type == corev1.ServiceTypeLoadBalancer && ptr.Deref(s.Spec.AllocateLoadBalancerNodePorts, true)
}

// hasHealthCheck reports whether the service has a health check node port, on
// which load balancers ask each node whether it has a pod of the service.
func hasHealthCheck(s *corev1.Service) bool {
	return s.Spec.Type == corev1.ServiceTypeLoadBalancer && s.Spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal
}

// isExternal reports whether the service can be reached from outside of the
// cluster.
func isExternal(s *corev1.Service) bool {
	return hasNodePorts(s) || s.Spec.Type == corev1.ServiceTypeClusterIP && len(s.Spec.ExternalIPs) > 0
}
