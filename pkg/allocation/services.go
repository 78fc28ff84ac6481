package allocation

import corev1 "k8s.io/api/core/v1"

// Services contains what the storage of services needs: the allocators and the
// IP families.
type Services struct {
	// Families contains the IP families of the cluster, the preferred one
	// first.
	Families  []corev1.IPFamily
	Addresses *Addresses
	NodePorts *NodePorts
}
