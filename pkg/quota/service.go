package quota

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	apiadmission "k8s.io/apiserver/pkg/admission"
	apiquota "k8s.io/apiserver/pkg/quota/v1"
)

// newServices returns the evaluator of services: their number, and the load
// balancers and node ports that they use.
func newServices(listers Listers) apiquota.Evaluator {
	services := corev1.SchemeGroupVersion.WithResource("services")
	names := []corev1.ResourceName{
		counted(services.GroupResource()), corev1.ResourceServices, corev1.ResourceServicesLoadBalancers, corev1.ResourceServicesNodePorts,
	}
	return &evaluator[*corev1.Service]{
		resource:      services.GroupResource(),
		list:          listers(services),
		handlesUpdate: func(a apiadmission.Attributes) bool { return a.GetSubresource() == "" },
		matching: func(limited []corev1.ResourceName) []corev1.ResourceName {
			return among(limited, func(name corev1.ResourceName) bool { return slices.Contains(names, name) })
		},
		usage: func(service *corev1.Service) (corev1.ResourceList, error) {
			balancers := int64(0)
			if service.Spec.Type == corev1.ServiceTypeLoadBalancer {
				balancers = 1
			}
			return corev1.ResourceList{
				counted(services.GroupResource()):    count(1),
				corev1.ResourceServices:              count(1),
				corev1.ResourceServicesLoadBalancers: count(balancers),
				corev1.ResourceServicesNodePorts:     count(nodePorts(&service.Spec)),
			}, nil
		},
	}
}

// nodePorts returns how many node ports a service has or is about to get. A load
// balancer that asks for none has only those that it names.
func nodePorts(spec *corev1.ServiceSpec) int64 {
	allocates := spec.AllocateLoadBalancerNodePorts == nil || *spec.AllocateLoadBalancerNodePorts
	switch {
	case spec.Type == corev1.ServiceTypeNodePort, spec.Type == corev1.ServiceTypeLoadBalancer && allocates:
		return int64(len(spec.Ports))
	case spec.Type == corev1.ServiceTypeLoadBalancer:
		named := int64(0)
		for _, port := range spec.Ports {
			if port.NodePort != 0 {
				named++
			}
		}
		return named
	}
	return 0
}
