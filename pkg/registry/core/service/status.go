package service

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	netutils "k8s.io/utils/net"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
)

var ingressPath = field.NewPath("status", "loadBalancer", "ingress")

func validateStatusUpdate(_ context.Context, s, old *corev1.Service) (errs field.ErrorList) {
	now, before := s.Status.LoadBalancer.Ingress, old.Status.LoadBalancer.Ingress
	if s.Spec.Type != corev1.ServiceTypeLoadBalancer && len(now) > 0 && !apiequality.Semantic.DeepEqual(now, before) {
		return field.ErrorList{field.Forbidden(ingressPath, "may only be used when `spec.type` is LoadBalancer")}
	}
	var known []string
	for i := range before {
		known = append(known, before[i].IP)
	}
	for i := range now {
		errs = append(errs, validateIngress(&now[i], known, ingressPath.Index(i))...)
	}
	return errs
}

func validateIngress(ingress *corev1.LoadBalancerIngress, known []string, path *field.Path) (errs field.ErrorList) {
	if ingress.IP != "" {
		errs = append(errs, utilvalidation.IsValidIPForLegacyField(path.Child("ip"), ingress.IP, true, known)...)
	}
	mode := path.Child("ipMode")
	switch {
	case ingress.IP == "" && ingress.IPMode != nil:
		errs = append(errs, field.Forbidden(mode, "may not be specified when `ip` is not set"))
	case ingress.IP != "" && ingress.IPMode == nil:
		errs = append(errs, field.Required(mode, "must be specified when `ip` is set"))
	case ingress.IPMode != nil:
		errs = append(errs, metavalidation.ValidateOneOf(*ingress.IPMode, mode, corev1.LoadBalancerIPModeProxy, corev1.LoadBalancerIPModeVIP)...)
	}
	if ingress.Hostname != "" {
		errs = append(errs, validation.ValidateDNS1123Subdomain(ingress.Hostname, path.Child("hostname"))...)
		if netutils.ParseIPSloppy(ingress.Hostname) != nil {
			errs = append(errs, field.Invalid(path.Child("hostname"), ingress.Hostname, "must be a DNS name, not an IP address"))
		}
	}
	return errs
}
