package v1

import (
	corev1 "k8s.io/api/core/v1"
)

// SetDefaults_NodeSpec makes podCIDR and the first element of podCIDRs equal.
// If they differ, podCIDR takes precedence, because clients that support only
// one range set only podCIDR.
func SetDefaults_NodeSpec(obj *corev1.NodeSpec) {
	switch {
	case obj.PodCIDR != "" && (len(obj.PodCIDRs) == 0 || obj.PodCIDRs[0] != obj.PodCIDR):
		obj.PodCIDRs = []string{obj.PodCIDR}
	case obj.PodCIDR == "" && len(obj.PodCIDRs) > 0:
		obj.PodCIDR = obj.PodCIDRs[0]
	}
}

// SetDefaults_NodeStatus sets the allocatable resources to the capacity of the
// node if they are not set.
func SetDefaults_NodeStatus(obj *corev1.NodeStatus) {
	if obj.Allocatable == nil && obj.Capacity != nil {
		obj.Allocatable = make(corev1.ResourceList, len(obj.Capacity))
		for name, quantity := range obj.Capacity {
			obj.Allocatable[name] = quantity.DeepCopy()
		}
	}
}
