package v1

import corev1 "k8s.io/api/core/v1"

// SetDefaults_EndpointPort sets the protocol to TCP.
func SetDefaults_EndpointPort(obj *corev1.EndpointPort) {
	if obj.Protocol == "" {
		obj.Protocol = corev1.ProtocolTCP
	}
}
