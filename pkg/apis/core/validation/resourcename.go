package validation

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// requestsHugePagesPrefix is the prefix of the names of huge pages in a
// resource quota.
const requestsHugePagesPrefix = corev1.DefaultResourceRequestsPrefix + corev1.ResourceHugePagesPrefix

// The following functions return the resource names without domain prefix that
// are valid for each use. They are functions so that no code can change the
// sets at run time.
func containerResourceNames() sets.Set[corev1.ResourceName] {
	return sets.New(corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceEphemeralStorage)
}

func computeQuotaNames() sets.Set[corev1.ResourceName] {
	return sets.New(
		corev1.ResourceRequestsCPU, corev1.ResourceRequestsMemory, corev1.ResourceRequestsEphemeralStorage,
		corev1.ResourceLimitsCPU, corev1.ResourceLimitsMemory, corev1.ResourceLimitsEphemeralStorage,
		corev1.ResourceRequestsStorage,
	)
}

func objectCountNames() sets.Set[corev1.ResourceName] {
	return sets.New(
		corev1.ResourcePods, corev1.ResourceQuotas, corev1.ResourceServices,
		corev1.ResourceReplicationControllers, corev1.ResourceSecrets, corev1.ResourceConfigMaps,
		corev1.ResourcePersistentVolumeClaims, corev1.ResourceServicesNodePorts, corev1.ResourceServicesLoadBalancers,
	)
}

// IsHugePageResourceName reports whether the name is hugepages-SIZE.
func IsHugePageResourceName(name corev1.ResourceName) bool {
	return strings.HasPrefix(string(name), corev1.ResourceHugePagesPrefix)
}

// IsQuotaHugePageResourceName reports whether the name is hugepages-SIZE or
// requests.hugepages-SIZE.
func IsQuotaHugePageResourceName(name corev1.ResourceName) bool {
	return IsHugePageResourceName(name) || strings.HasPrefix(string(name), requestsHugePagesPrefix)
}

// IsPrefixedNativeResource reports whether the name is in the kubernetes.io domain.
func IsPrefixedNativeResource(name corev1.ResourceName) bool {
	return strings.Contains(string(name), corev1.ResourceDefaultNamespacePrefix)
}

// IsNativeResource reports whether the name is defined by Kubernetes: it has no
// domain prefix, or one that contains kubernetes.io.
func IsNativeResource(name corev1.ResourceName) bool {
	return !strings.Contains(string(name), "/") || IsPrefixedNativeResource(name)
}

// IsExtendedResourceName reports whether the name is an extended resource: it
// has a domain prefix outside of kubernetes.io, and requests.NAME is also valid
// as name in a resource quota.
func IsExtendedResourceName(name corev1.ResourceName) bool {
	if IsNativeResource(name) || strings.HasPrefix(string(name), corev1.DefaultResourceRequestsPrefix) {
		return false
	}
	return len(utilvalidation.IsQualifiedName(corev1.DefaultResourceRequestsPrefix+string(name))) == 0
}

// IsOvercommitAllowed reports whether a limit may exceed the request.
func IsOvercommitAllowed(name corev1.ResourceName) bool {
	return IsNativeResource(name) && !IsHugePageResourceName(name)
}

// IsStandardContainerResourceName reports whether the name, which has no
// prefix, is valid in the resources of a container.
func IsStandardContainerResourceName(name corev1.ResourceName) bool {
	return containerResourceNames().Has(name) || IsHugePageResourceName(name)
}

// IsStandardQuotaResourceName reports whether the name, which has no prefix, is
// valid in a resource quota.
func IsStandardQuotaResourceName(name corev1.ResourceName) bool {
	return containerResourceNames().Has(name) || computeQuotaNames().Has(name) ||
		objectCountNames().Has(name) || IsQuotaHugePageResourceName(name)
}

// IsStandardResourceName reports whether the name, which has no prefix, is
// valid anywhere.
func IsStandardResourceName(name corev1.ResourceName) bool {
	return name == corev1.ResourceStorage || IsStandardQuotaResourceName(name)
}

// IsIntegerResourceName reports whether quantities of the resource must be
// integers.
func IsIntegerResourceName(name corev1.ResourceName) bool {
	return objectCountNames().Has(name) || IsExtendedResourceName(name)
}

// ValidateResourceName checks that the name is one of the standard names or has
// a domain prefix.
func ValidateResourceName(name corev1.ResourceName, p *field.Path) field.ErrorList {
	if errs := ValidateQualifiedName(string(name), p); len(errs) > 0 {
		return errs
	}
	if !strings.Contains(string(name), "/") && !IsStandardResourceName(name) {
		return field.ErrorList{field.Invalid(p, name, "must be a standard resource type or fully qualified")}
	}
	return nil
}

// ValidateContainerResourceName checks that the name is valid in the resources
// of a container.
func ValidateContainerResourceName(name corev1.ResourceName, p *field.Path) field.ErrorList {
	errs := ValidateResourceName(name, p)
	switch {
	case !strings.Contains(string(name), "/"):
		if !IsStandardContainerResourceName(name) {
			errs = append(errs, field.Invalid(p, name, "must be a standard resource for containers"))
		}
	case !IsNativeResource(name) && !IsExtendedResourceName(name):
		errs = append(errs, field.Invalid(p, name, "doesn't follow extended resource name standard"))
	}
	return errs
}

// ValidateQuotaResourceName checks that the name is valid in a resource quota.
func ValidateQuotaResourceName(name corev1.ResourceName, p *field.Path) field.ErrorList {
	errs := ValidateResourceName(name, p)
	if !strings.Contains(string(name), "/") && !IsStandardQuotaResourceName(name) {
		errs = append(errs, field.Invalid(p, name, "must be a standard resource for quota"))
	}
	return errs
}
