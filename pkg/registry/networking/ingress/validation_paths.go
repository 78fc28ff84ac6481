package ingress

import (
	"context"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	netutils "k8s.io/utils/net"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	networkingvalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/networking/validation"
)

func validatePath(path *networkingv1.HTTPIngressPath, p *field.Path) field.ErrorList {
	if path.PathType == nil {
		return field.ErrorList{field.Required(p.Child("pathType"), "pathType must be specified")}
	}
	var errs field.ErrorList
	switch at := p.Child("path"); *path.PathType {
	case networkingv1.PathTypeExact, networkingv1.PathTypePrefix:
		errs = append(errs, validatePlainPath(path.Path, at)...)
	case networkingv1.PathTypeImplementationSpecific:
		if path.Path != "" && !strings.HasPrefix(path.Path, "/") {
			errs = append(errs, field.Invalid(at, path.Path, mustBeAbsolute))
		}
	default:
		errs = append(errs, field.NotSupported(p.Child("pathType"), *path.PathType, []networkingv1.PathType{
			networkingv1.PathTypeExact, networkingv1.PathTypeImplementationSpecific, networkingv1.PathTypePrefix}))
	}
	return append(errs, validateBackend(&path.Backend, p.Child("backend"))...)
}

const mustBeAbsolute = "must be an absolute path"

// validatePlainPath checks a path that is compared with that of a request, and
// so has to be in its shortest form.
func validatePlainPath(path string, p *field.Path) field.ErrorList {
	if !strings.HasPrefix(path, "/") {
		return field.ErrorList{field.Invalid(p, path, mustBeAbsolute)}
	}
	var errs field.ErrorList
	for _, part := range []string{"//", "/./", "/../", "%2f", "%2F"} {
		if strings.Contains(path, part) {
			errs = append(errs, field.Invalid(p, path, "must not contain '"+part+"'"))
		}
	}
	for _, end := range []string{"/..", "/."} {
		if strings.HasSuffix(path, end) {
			errs = append(errs, field.Invalid(p, path, "cannot end with '"+end+"'"))
		}
	}
	return errs
}

// validateBackend checks where requests go: to a port of a service, or to a
// resource that the controller knows.
func validateBackend(backend *networkingv1.IngressBackend, p *field.Path) field.ErrorList {
	resource, service := backend.Resource, backend.Service
	switch {
	case resource != nil && service != nil:
		return field.ErrorList{field.Invalid(p, "", "cannot set both resource and service backends")}
	case resource != nil:
		return networkingvalidation.ValidateTypedReference(resource.APIGroup, resource.Kind, resource.Name, p.Child("resource"))
	case service == nil:
		return field.ErrorList{field.Invalid(p, "", "resource or service backend is required")}
	}
	var errs field.ErrorList
	at := p.Child("service")
	if service.Name == "" {
		errs = append(errs, field.Required(at.Child("name"), ""))
	} else {
		errs = append(errs, validation.ValidateDNS1123Label(service.Name, at.Child("name"))...)
	}
	return append(errs, validateBackendPort(service.Port, p, at.Child("port"))...)
}

func validateBackendPort(port networkingv1.ServiceBackendPort, backend, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	switch {
	case port.Name != "" && port.Number != 0:
		errs = append(errs, field.Invalid(backend, "", "cannot set both port name & port number"))
	case port.Name != "":
		for _, msg := range utilvalidation.IsValidPortName(port.Name) {
			errs = append(errs, field.Invalid(p.Child("name"), port.Name, msg))
		}
	case port.Number != 0:
		for _, msg := range utilvalidation.IsValidPortNum(int(port.Number)) {
			errs = append(errs, field.Invalid(p.Child("number"), port.Number, msg))
		}
	default:
		errs = append(errs, field.Required(backend, "port name or number is required"))
	}
	return errs
}

// validateStatusUpdate checks where the load balancer can be reached. Addresses
// that are there already may have a form that is no longer valid.
func validateStatusUpdate(_ context.Context, i, old *networkingv1.Ingress) (errs field.ErrorList) {
	var known []string
	for _, point := range old.Status.LoadBalancer.Ingress {
		known = append(known, point.IP)
	}
	p := field.NewPath("status", "loadBalancer", "ingress")
	for n, point := range i.Status.LoadBalancer.Ingress {
		if point.IP != "" {
			errs = append(errs, utilvalidation.IsValidIPForLegacyField(p.Index(n).Child("ip"), point.IP, true, known)...)
		}
		if point.Hostname == "" {
			continue
		}
		at := p.Index(n).Child("hostname")
		errs = append(errs, validation.ValidateDNS1123Subdomain(point.Hostname, at)...)
		if netutils.ParseIPSloppy(point.Hostname) != nil {
			errs = append(errs, field.Invalid(at, point.Hostname, "must be a DNS name, not an IP address"))
		}
	}
	return errs
}
