package validation

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// requestsHugePagesPrefix names huge pages in a quota.
const requestsHugePagesPrefix = corev1.DefaultResourceRequestsPrefix + corev1.ResourceHugePagesPrefix

// The names without a prefix that the API knows, by use. They are functions so
// that nothing in this package can be changed at run time.
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

// IsNativeResource reports whether the name belongs to Kubernetes: it has no
// domain, or one in kubernetes.io.
func IsNativeResource(name corev1.ResourceName) bool {
	return !strings.Contains(string(name), "/") || IsPrefixedNativeResource(name)
}

// IsExtendedResourceName reports whether the name has a domain outside of
// kubernetes.io and could also be asked of a quota as requests.NAME.
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

// IsStandardContainerResourceName reports whether a container may ask for the
// unprefixed name.
func IsStandardContainerResourceName(name corev1.ResourceName) bool {
	return containerResourceNames().Has(name) || IsHugePageResourceName(name)
}

// IsStandardQuotaResourceName reports whether a quota may limit the unprefixed name.
func IsStandardQuotaResourceName(name corev1.ResourceName) bool {
	return containerResourceNames().Has(name) || computeQuotaNames().Has(name) ||
		objectCountNames().Has(name) || IsQuotaHugePageResourceName(name)
}

// IsStandardResourceName reports whether the unprefixed name is known at all.
func IsStandardResourceName(name corev1.ResourceName) bool {
	return name == corev1.ResourceStorage || IsStandardQuotaResourceName(name)
}

// IsIntegerResourceName reports whether only whole quantities of it make sense.
func IsIntegerResourceName(name corev1.ResourceName) bool {
	return objectCountNames().Has(name) || IsExtendedResourceName(name)
}

// ValidateResourceName checks that the name is known to the API or has a domain.
func ValidateResourceName(name corev1.ResourceName, p *field.Path) field.ErrorList {
	if errs := ValidateQualifiedName(string(name), p); len(errs) > 0 {
		return errs
	}
	if !strings.Contains(string(name), "/") && !IsStandardResourceName(name) {
		return field.ErrorList{field.Invalid(p, name, "must be a standard resource type or fully qualified")}
	}
	return nil
}

// ValidateContainerResourceName checks that a container may ask for the name.
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

// ValidateQuotaResourceName checks that a quota may limit the name.
func ValidateQuotaResourceName(name corev1.ResourceName, p *field.Path) field.ErrorList {
	errs := ValidateResourceName(name, p)
	if !strings.Contains(string(name), "/") && !IsStandardQuotaResourceName(name) {
		errs = append(errs, field.Invalid(p, name, "must be a standard resource for quota"))
	}
	return errs
}
