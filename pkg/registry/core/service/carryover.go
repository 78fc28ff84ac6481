package service

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
)

// Some clients know only a part of the fields of a service. To support them, an
// update may omit fields that the server has allocated, which then keep their
// values. An update may also change the type of a service and leave fields
// unchanged that the new type does not have: these are cleared.

// dropOfOldType clears the fields that only the old type has, unless the update
// changes them.
func dropOfOldType(s, old *corev1.Service) {
	if hasClusterIP(old) && !hasClusterIP(s) {
		if sameClusterIPs(s, old) {
			s.Spec.ClusterIP, s.Spec.ClusterIPs = "", nil
		}
		drop(&s.Spec.IPFamilies, old.Spec.IPFamilies)
		drop(&s.Spec.IPFamilyPolicy, old.Spec.IPFamilyPolicy)
		drop(&s.Spec.InternalTrafficPolicy, old.Spec.InternalTrafficPolicy)
	}
	if hasNodePorts(old) && !hasNodePorts(s) && sameNodePorts(s, old) {
		for i := range s.Spec.Ports {
			s.Spec.Ports[i].NodePort = 0
		}
	}
	if hasHealthCheck(old) && !hasHealthCheck(s) {
		drop(&s.Spec.HealthCheckNodePort, old.Spec.HealthCheckNodePort)
	}
	if isExternal(old) && !isExternal(s) {
		drop(&s.Spec.ExternalTrafficPolicy, old.Spec.ExternalTrafficPolicy)
	}
	if old.Spec.Type == corev1.ServiceTypeLoadBalancer && s.Spec.Type != corev1.ServiceTypeLoadBalancer {
		drop(&s.Spec.AllocateLoadBalancerNodePorts, old.Spec.AllocateLoadBalancerNodePorts)
		drop(&s.Spec.LoadBalancerClass, old.Spec.LoadBalancerClass)
	}
}

// drop clears a field if its value has not changed.
func drop[T any](field *T, old T) {
	if apiequality.Semantic.DeepEqual(*field, old) {
		var zero T
		*field = zero
	}
}

func sameClusterIPs(s, old *corev1.Service) bool {
	return s.Spec.ClusterIP == old.Spec.ClusterIP && slices.Equal(s.Spec.ClusterIPs, old.Spec.ClusterIPs)
}

func sameNodePorts(s, old *corev1.Service) bool {
	before := nodePortsOf(old)
	for port := range nodePortsOf(s) {
		if !before[port] {
			return false
		}
	}
	return true
}

// nodePortsOf returns the set of the node ports of a service.
func nodePortsOf(s *corev1.Service) map[int32]bool {
	ports := map[int32]bool{}
	for i := range s.Spec.Ports {
		if port := s.Spec.Ports[i].NodePort; port != 0 {
			ports[port] = true
		}
	}
	return ports
}

// keepAllocated sets the allocated fields that the update omits to their old
// values.
func keepAllocated(s, old *corev1.Service) {
	if hasClusterIP(old) && hasClusterIP(s) {
		if s.Spec.ClusterIP == "" {
			s.Spec.ClusterIP = old.Spec.ClusterIP
		}
		if len(s.Spec.ClusterIPs) == 0 && s.Spec.ClusterIP == old.Spec.ClusterIP {
			s.Spec.ClusterIPs = slices.Clone(old.Spec.ClusterIPs)
		}
	}
	if hasNodePorts(old) && allocatesNodePorts(s) {
		keepNodePorts(s, old)
	}
	if hasHealthCheck(old) && hasHealthCheck(s) && s.Spec.HealthCheckNodePort == 0 {
		s.Spec.HealthCheckNodePort = old.Spec.HealthCheckNodePort
	}
}

// keepNodePorts sets omitted node ports to those of the old ports with the same
// name, regardless of the other fields of the ports. It does not do so if the
// update assigns the node port to another port.
func keepNodePorts(s, old *corev1.Service) {
	before := map[string]int32{}
	for _, port := range old.Spec.Ports {
		before[port.Name] = port.NodePort
	}
	given := nodePortsOf(s)
	for i := range s.Spec.Ports {
		port := &s.Spec.Ports[i]
		if kept := before[port.Name]; port.NodePort == 0 && kept != 0 && !given[kept] {
			port.NodePort = kept
		}
	}
}

// alignClusterIPs sets clusterIPs according to clusterIP for clients that know
// only clusterIP, the older field. If a client sends contradicting values of
// both, they remain, and the validation reports them.
func alignClusterIPs(s, old *corev1.Service) {
	if old == nil {
		if s.Spec.ClusterIP != "" && len(s.Spec.ClusterIPs) == 0 {
			s.Spec.ClusterIPs = []string{s.Spec.ClusterIP}
		}
		return
	}
	unchanged := len(s.Spec.ClusterIPs) == 0 || slices.Equal(s.Spec.ClusterIPs, old.Spec.ClusterIPs)
	switch {
	case old.Spec.ClusterIP != "" && s.Spec.ClusterIP == "" && unchanged:
		s.Spec.ClusterIPs = nil
	case s.Spec.ClusterIP != "" && s.Spec.ClusterIP != old.Spec.ClusterIP && unchanged:
		s.Spec.ClusterIPs = []string{s.Spec.ClusterIP}
	}
}
