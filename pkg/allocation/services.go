package allocation

import corev1 "k8s.io/api/core/v1"

// Services is what services need of the cluster.
type Services struct {
	// Families are the IP families that the cluster has, the preferred one first.
	Families  []corev1.IPFamily
	Addresses *Addresses
	NodePorts *NodePorts
}
