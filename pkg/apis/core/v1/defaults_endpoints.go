package v1

import corev1 "k8s.io/api/core/v1"

// SetDefaults_EndpointPort makes a port a TCP port.
func SetDefaults_EndpointPort(obj *corev1.EndpointPort) {
	if obj.Protocol == "" {
		obj.Protocol = corev1.ProtocolTCP
	}
}
