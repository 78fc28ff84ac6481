package service

import (
	"context"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
)

var (
	metaPath       = field.NewPath("metadata")
	specPath       = field.NewPath("spec")
	portsPath      = specPath.Child("ports")
	clusterIPsPath = specPath.Child("clusterIPs")
	familiesPath   = specPath.Child("ipFamilies")
	policyPath     = specPath.Child("ipFamilyPolicy")
	healthPath     = specPath.Child("healthCheckNodePort")
)

func validateUpdate(_ context.Context, s, old *corev1.Service) field.ErrorList {
	return append(validateKept(s, old), validateSpec(s, old)...)
}

func validateSpec(s, old *corev1.Service) field.ErrorList {
	spec := &s.Spec
	errs := validateHints(s.Annotations)
	if len(spec.Ports) == 0 && !isHeadless(s) && spec.Type != corev1.ServiceTypeExternalName {
		errs = append(errs, field.Required(portsPath, ""))
	}
	errs = append(errs, validateOfType(s)...)
	errs = append(errs, validatePorts(s)...)
	errs = append(errs, metav1validation.ValidateLabels(spec.Selector, specPath.Child("selector"))...)
	errs = append(errs, validateAffinity(spec)...)
	errs = append(errs, validateExternalIPs(s, old)...)
	errs = append(errs, metavalidation.ValidateRequiredOneOf(spec.Type, specPath.Child("type"),
		corev1.ServiceTypeClusterIP, corev1.ServiceTypeExternalName, corev1.ServiceTypeLoadBalancer, corev1.ServiceTypeNodePort)...)
	errs = append(errs, validateBalancer(s, old)...)
	errs = append(errs, validateTraffic(s)...)
	return append(errs, validateClusterIPs(s, old)...)
}

// validateHints checks that the annotation for the topology mode and its
// deprecated name have the same value.
func validateHints(annotations map[string]string) field.ErrorList {
	older, has := annotations[corev1.DeprecatedAnnotationTopologyAwareHints]
	mode, hasMode := annotations[corev1.AnnotationTopologyMode]
	if !has || !hasMode || older == mode {
		return nil
	}
	return field.ErrorList{field.Invalid(metaPath.Child("annotations").Key(corev1.AnnotationTopologyMode), mode,
		"must match annotations["+corev1.DeprecatedAnnotationTopologyAwareHints+"] when both are specified")}
}

// kubeletPort is the port of the kubelet API. A load balancer must not expose
// it to clients outside of the cluster.
const kubeletPort = 10250

// validateOfType checks the fields that a type of service requires or does not
// allow.
func validateOfType(s *corev1.Service) (errs field.ErrorList) {
	spec := &s.Spec
	switch spec.Type {
	case corev1.ServiceTypeLoadBalancer:
		for i := range spec.Ports {
			if port := spec.Ports[i].Port; port == kubeletPort {
				errs = append(errs, field.Invalid(portsPath.Index(i), port, "may not expose port 10250 externally since it is used by kubelet"))
			}
		}
		fallthrough
	case corev1.ServiceTypeNodePort:
		if isHeadless(s) {
			errs = append(errs, field.Invalid(clusterIPsPath.Index(0), s.Spec.ClusterIPs[0], "may not be set to 'None' for "+string(spec.Type)+" services"))
		}
	case corev1.ServiceTypeExternalName:
		path := specPath.Child("externalName")
		if spec.ExternalName == "" {
			errs = append(errs, field.Required(path, ""))
		} else {
			errs = append(errs, validation.ValidateDNS1123Subdomain(strings.TrimSuffix(spec.ExternalName, "."), path)...)
		}
	}
	return errs
}

func validateAffinity(spec *corev1.ServiceSpec) field.ErrorList {
	errs := metavalidation.ValidateRequiredOneOf(spec.SessionAffinity, specPath.Child("sessionAffinity"), corev1.ServiceAffinityClientIP,
		corev1.ServiceAffinityNone)
	path, config := specPath.Child("sessionAffinityConfig"), spec.SessionAffinityConfig
	switch spec.SessionAffinity {
	case corev1.ServiceAffinityNone:
		if config != nil {
			errs = append(errs, field.Forbidden(path, "must not be set when session affinity is None"))
		}
	case corev1.ServiceAffinityClientIP:
		if missing := missingTimeout(config, path); missing != nil {
			return append(errs, field.Required(missing, "when session affinity type is ClientIP"))
		}
		if timeout := *config.ClientIP.TimeoutSeconds; timeout <= 0 || timeout > 86400 {
			errs = append(errs, field.Invalid(path.Child("clientIP", "timeoutSeconds"), timeout, "must be greater than 0 and less than 86400"))
		}
	}
	return errs
}

func missingTimeout(config *corev1.SessionAffinityConfig, path *field.Path) *field.Path {
	switch {
	case config == nil:
		return path
	case config.ClientIP == nil:
		return path.Child("clientIP")
	case config.ClientIP.TimeoutSeconds == nil:
		return path.Child("clientIP", "timeoutSeconds")
	}
	return nil
}

func validateExternalIPs(s, old *corev1.Service) (errs field.ErrorList) {
	var before []string
	if old != nil {
		before = old.Spec.ExternalIPs
	}
	for i, ip := range s.Spec.ExternalIPs {
		path := specPath.Child("externalIPs").Index(i)
		if wrong := utilvalidation.IsValidIPForLegacyField(path, ip, true, before); len(wrong) > 0 {
			errs = append(errs, wrong...)
		} else {
			errs = append(errs, validation.ValidateNonSpecialIP(ip, path)...)
		}
	}
	return errs
}

// validateTraffic checks the traffic policies, the traffic distribution and the
// health check node port.
func validateTraffic(s *corev1.Service) (errs field.ErrorList) {
	spec := &s.Spec
	path, cluster, local := specPath.Child("externalTrafficPolicy"), corev1.ServiceExternalTrafficPolicyCluster, corev1.ServiceExternalTrafficPolicyLocal
	switch {
	case isExternal(s):
		errs = append(errs, metavalidation.ValidateRequiredOneOf(spec.ExternalTrafficPolicy, path, cluster, local)...)
	case spec.ExternalTrafficPolicy != "":
		errs = append(errs, field.Invalid(path, spec.ExternalTrafficPolicy, "may only be set for externally-accessible services"))
	}
	switch {
	case !hasHealthCheck(s):
		if spec.HealthCheckNodePort != 0 {
			errs = append(errs,
				field.Invalid(healthPath, spec.HealthCheckNodePort, "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"))
		}
	case spec.HealthCheckNodePort == 0:
		errs = append(errs, field.Required(healthPath, ""))
	default:
		errs = append(errs, validation.ValidatePortNumber(spec.HealthCheckNodePort, healthPath)...)
	}
	path = specPath.Child("internalTrafficPolicy")
	if policy := spec.InternalTrafficPolicy; policy != nil {
		errs = append(errs, metavalidation.ValidateOneOf(*policy, path, corev1.ServiceInternalTrafficPolicyCluster, corev1.ServiceInternalTrafficPolicyLocal)...)
	} else if hasNodePorts(s) || spec.Type == corev1.ServiceTypeClusterIP {
		errs = append(errs, field.Required(path, ""))
	}
	if distribution := spec.TrafficDistribution; distribution != nil {
		errs = append(errs, metavalidation.ValidateOneOf(*distribution, specPath.Child("trafficDistribution"),
			corev1.ServiceTrafficDistributionPreferClose, corev1.ServiceTrafficDistributionPreferSameZone, corev1.ServiceTrafficDistributionPreferSameNode)...)
	}
	return errs
}
