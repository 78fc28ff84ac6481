package service

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

var columns = []registry.Column[*corev1.Service]{
	registry.NameColumn[*corev1.Service](),
	{Name: "Type", Description: registry.Doc(corev1.ServiceSpec{}, "type"), Cell: func(s *corev1.Service) any { return string(s.Spec.Type) }},
	{Name: "Cluster-IP", Description: registry.Doc(corev1.ServiceSpec{}, "clusterIP"), Cell: func(s *corev1.Service) any { return clusterIP(s) }},
	{Name: "External-IP", Description: registry.Doc(corev1.ServiceSpec{}, "externalIPs"), Cell: func(s *corev1.Service) any { return externalIP(s) }},
	{Name: "Port(s)", Description: registry.Doc(corev1.ServiceSpec{}, "ports"), Cell: func(s *corev1.Service) any { return formatPorts(s.Spec.Ports) }},
	registry.AgeColumn[*corev1.Service](),
	{Name: "Selector", Description: registry.Doc(corev1.ServiceSpec{}, "selector"), Priority: 1,
		Cell: func(s *corev1.Service) any { return labels.FormatLabels(s.Spec.Selector) }},
}

func clusterIP(s *corev1.Service) string {
	if len(s.Spec.ClusterIPs) > 0 {
		return s.Spec.ClusterIPs[0]
	}
	return registry.None
}

func externalIP(s *corev1.Service) string {
	given := strings.Join(s.Spec.ExternalIPs, ",")
	switch s.Spec.Type {
	case corev1.ServiceTypeExternalName:
		return s.Spec.ExternalName
	case corev1.ServiceTypeLoadBalancer:
		balancers := ingresses(s.Status.LoadBalancer.Ingress)
		switch {
		case given != "" && balancers != "":
			return balancers + "," + given
		case given != "":
			return given
		case balancers != "":
			return balancers
		}
		return "<pending>"
	case corev1.ServiceTypeClusterIP, corev1.ServiceTypeNodePort:
		if given == "" {
			return registry.None
		}
		return given
	}
	return registry.Unknown
}

// ingresses lists the addresses of the load balancers without duplicates.
func ingresses(list []corev1.LoadBalancerIngress) string {
	set := map[string]bool{}
	for i := range list {
		if list[i].IP != "" {
			set[list[i].IP] = true
		} else if list[i].Hostname != "" {
			set[list[i].Hostname] = true
		}
	}
	return strings.Join(slices.Sorted(maps.Keys(set)), ",")
}

func formatPorts(ports []corev1.ServicePort) string {
	if len(ports) == 0 {
		return registry.None
	}
	parts := make([]string, len(ports))
	for i, port := range ports {
		parts[i] = fmt.Sprintf("%d/%s", port.Port, port.Protocol)
		if port.NodePort > 0 {
			parts[i] = fmt.Sprintf("%d:%d/%s", port.Port, port.NodePort, port.Protocol)
		}
	}
	return strings.Join(parts, ",")
}
