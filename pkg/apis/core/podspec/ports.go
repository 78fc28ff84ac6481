package podspec

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/sets"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
)

func validatePorts(ports []corev1.ContainerPort, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	names := sets.Set[string]{}
	for i, port := range ports {
		at := p.Index(i)
		if port.Name != "" {
			complaints := utilvalidation.IsValidPortName(port.Name)
			errs = append(errs, invalid(at.Child("name"), port.Name, complaints)...)
			if len(complaints) == 0 && names.Has(port.Name) {
				errs = append(errs, field.Duplicate(at.Child("name"), port.Name))
			}
			names.Insert(port.Name)
		}
		if port.ContainerPort == 0 {
			errs = append(errs, field.Required(at.Child("containerPort"), ""))
		} else {
			errs = append(errs, validatePortNumber(port.ContainerPort, at.Child("containerPort"))...)
		}
		if port.HostPort != 0 {
			errs = append(errs, validatePortNumber(port.HostPort, at.Child("hostPort"))...)
		}
		errs = append(errs, metavalidation.ValidateRequiredOneOf(port.Protocol, at.Child("protocol"), corev1.ProtocolSCTP, corev1.ProtocolTCP, corev1.ProtocolUDP)...)
	}
	return errs
}

func validatePortNumber(port int32, p *field.Path) field.ErrorList {
	return invalid(p, port, utilvalidation.IsValidPortNum(int(port)))
}

// validatePort checks a port that is specified by its number or by its name.
func validatePort(port intstr.IntOrString, p *field.Path) field.ErrorList {
	if port.Type == intstr.String {
		return invalid(p, port.StrVal, utilvalidation.IsValidPortName(port.StrVal))
	}
	return validatePortNumber(port.IntVal, p)
}

// hostPorts are the occupied host ports, as combinations of protocol, host
// address and number.
type hostPorts sets.Set[string]

// take adds the host ports of a container, and returns errors for those that
// are occupied already.
func (taken hostPorts) take(c *corev1.Container, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, port := range c.Ports {
		if port.HostPort == 0 {
			continue
		}
		id := fmt.Sprintf("%s/%s/%d", port.Protocol, port.HostIP, port.HostPort)
		if sets.Set[string](taken).Has(id) {
			errs = append(errs, field.Duplicate(p.Child("ports").Index(i).Child("hostPort"), id))
		}
		sets.Set[string](taken).Insert(id)
	}
	return errs
}

// validateHostNetworkPorts checks the ports of a pod that uses the network of
// the host: each host port must be equal to the container port.
func validateHostNetworkPorts(spec *corev1.PodSpec, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	if !spec.HostNetwork {
		return nil
	}
	for i := range spec.Containers {
		for j, port := range spec.Containers[i].Ports {
			// Pod templates may omit the host port.
			if port.HostPort != 0 && port.HostPort != port.ContainerPort {
				errs = append(errs, field.Invalid(p.Index(i).Child("ports").Index(j).Child("hostPort"), port.HostPort,
					"must match `containerPort` when `hostNetwork` is true"))
			}
		}
	}
	return errs
}
