package v1

import (
	corev1 "k8s.io/api/core/v1"
)

// SetDefaults_NodeSpec makes podCIDR and the first of podCIDRs agree. Clients that know only one range write podCIDR,
// so that wins.
func SetDefaults_NodeSpec(obj *corev1.NodeSpec) {
	switch {
	case obj.PodCIDR != "" && (len(obj.PodCIDRs) == 0 || obj.PodCIDRs[0] != obj.PodCIDR):
		obj.PodCIDRs = []string{obj.PodCIDR}
	case obj.PodCIDR == "" && len(obj.PodCIDRs) > 0:
		obj.PodCIDR = obj.PodCIDRs[0]
	}
}

// SetDefaults_NodeStatus lets pods have what the node has, where it does not say what they can have.
func SetDefaults_NodeStatus(obj *corev1.NodeStatus) {
	if obj.Allocatable == nil && obj.Capacity != nil {
		obj.Allocatable = make(corev1.ResourceList, len(obj.Capacity))
		for name, quantity := range obj.Capacity {
			obj.Allocatable[name] = quantity.DeepCopy()
		}
	}
}
