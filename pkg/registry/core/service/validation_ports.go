package service

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
)

func validatePorts(s *corev1.Service) (errs field.ErrorList) {
	names := sets.Set[string]{}
	for i := range s.Spec.Ports {
		errs = append(errs, validatePort(&s.Spec.Ports[i], len(s.Spec.Ports) > 1, names, portsPath.Index(i))...)
	}
	if s.Spec.Type == corev1.ServiceTypeClusterIP {
		for i := range s.Spec.Ports {
			if s.Spec.Ports[i].NodePort != 0 {
				errs = append(errs, field.Forbidden(portsPath.Index(i).Child("nodePort"), "may not be used when `type` is 'ClusterIP'"))
			}
		}
	}
	return append(errs, validateUnique(s.Spec.Ports)...)
}

func validatePort(port *corev1.ServicePort, named bool, names sets.Set[string], path *field.Path) (errs field.ErrorList) {
	if named && port.Name == "" {
		errs = append(errs, field.Required(path.Child("name"), ""))
	} else if port.Name != "" {
		errs = append(errs, validation.ValidateDNS1123Label(port.Name, path.Child("name"))...)
		if names.Has(port.Name) {
			errs = append(errs, field.Duplicate(path.Child("name"), port.Name))
		}
		names.Insert(port.Name)
	}
	errs = append(errs, validation.ValidatePortNumber(port.Port, path.Child("port"))...)
	errs = append(errs, validation.ValidateRequiredProtocol(port.Protocol, path.Child("protocol"))...)
	if target := port.TargetPort; target.Type == intstr.String {
		errs = append(errs, validation.ValidatePortName(target.StrVal, path.Child("targetPort"))...)
	} else {
		errs = append(errs, validation.ValidatePortNumber(target.IntVal, path.Child("targetPort"))...)
	}
	if port.AppProtocol != nil {
		errs = append(errs, validation.ValidateQualifiedName(*port.AppProtocol, path.Child("appProtocol"))...)
	}
	return errs
}

// protocolPort is a port, or a port of nodes, of a service.
type protocolPort struct {
	protocol corev1.Protocol
	number   int32
}

// validateUnique checks that each combination of number and protocol occurs
// only once, both for ports and for node ports.
func validateUnique(ports []corev1.ServicePort) (errs field.ErrorList) {
	onNodes, inCluster := sets.Set[protocolPort]{}, sets.Set[protocolPort]{}
	for i := range ports {
		k := protocolPort{ports[i].Protocol, ports[i].NodePort}
		if k.number == 0 {
			continue
		}
		if onNodes.Has(k) {
			errs = append(errs, field.Duplicate(portsPath.Index(i).Child("nodePort"), k.number))
		}
		onNodes.Insert(k)
	}
	for i := range ports {
		k := protocolPort{ports[i].Protocol, ports[i].Port}
		if inCluster.Has(k) {
			errs = append(errs, field.Duplicate(portsPath.Index(i), goform.Of(corev1.ServicePort{Protocol: k.protocol, Port: k.number})))
		}
		inCluster.Insert(k)
	}
	return errs
}
