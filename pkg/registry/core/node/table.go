package node

import (
	"cmp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

const (

	// A label with the prefix roleLabelPrefix has the role of the node in its
	// name; the label roleLabel has it in its value.
	roleLabelPrefix = "node-role.kubernetes.io/"
	roleLabel       = "kubernetes.io/role"
)

var columns = []registry.Column[*corev1.Node]{
	registry.NameColumn[*corev1.Node](),
	{Name: "Status", Description: "The status of the node", Cell: func(n *corev1.Node) any { return status(n) }},
	{Name: "Roles", Description: "The roles of the node", Cell: func(n *corev1.Node) any { return roles(n) }},
	registry.AgeColumn[*corev1.Node](),
	{Name: "Version", Description: registry.Doc(corev1.NodeSystemInfo{}, "kubeletVersion"),
		Cell: func(n *corev1.Node) any { return n.Status.NodeInfo.KubeletVersion }},
	{Name: "Internal-IP", Priority: 1, Description: registry.Doc(corev1.NodeStatus{}, "addresses"),
		Cell: func(n *corev1.Node) any { return address(n, corev1.NodeInternalIP) }},
	{Name: "External-IP", Priority: 1, Description: registry.Doc(corev1.NodeStatus{}, "addresses"),
		Cell: func(n *corev1.Node) any { return address(n, corev1.NodeExternalIP) }},
	{Name: "OS-Image", Priority: 1, Description: registry.Doc(corev1.NodeSystemInfo{}, "osImage"),
		Cell: func(n *corev1.Node) any { return cmp.Or(n.Status.NodeInfo.OSImage, registry.Unknown) }},
	{Name: "Kernel-Version", Priority: 1, Description: registry.Doc(corev1.NodeSystemInfo{}, "kernelVersion"),
		Cell: func(n *corev1.Node) any { return kernel(n.Status.NodeInfo) }},
	{Name: "Container-Runtime", Priority: 1, Description: registry.Doc(corev1.NodeSystemInfo{}, "containerRuntimeVersion"),
		Cell: func(n *corev1.Node) any { return cmp.Or(n.Status.NodeInfo.ContainerRuntimeVersion, registry.Unknown) }},
}

// status returns Ready, NotReady or Unknown, followed by SchedulingDisabled if
// no new pods are to be scheduled on the node.
func status(n *corev1.Node) string {
	text := "Unknown"
	for _, c := range n.Status.Conditions {
		if c.Type != corev1.NodeReady {
			continue
		}
		text = "NotReady"
		if c.Status == corev1.ConditionTrue {
			text = "Ready"
		}
	}
	if n.Spec.Unschedulable {
		text += ",SchedulingDisabled"
	}
	return text
}

func roles(n *corev1.Node) string {
	found := sets.Set[string]{}
	for label, value := range n.Labels {
		if role, ok := strings.CutPrefix(label, roleLabelPrefix); ok && role != "" {
			found.Insert(role)
		}
		if label == roleLabel && value != "" {
			found.Insert(value)
		}
	}
	return cmp.Or(strings.Join(sets.List(found), ","), registry.None)
}

func address(n *corev1.Node, kind corev1.NodeAddressType) string {
	for _, a := range n.Status.Addresses {
		if a.Type == kind {
			return a.Address
		}
	}
	return registry.None
}

func kernel(info corev1.NodeSystemInfo) string {
	if info.KernelVersion == "" {
		return registry.Unknown
	}
	if info.Architecture == "" {
		return info.KernelVersion
	}
	return info.KernelVersion + " (" + info.Architecture + ")"
}
