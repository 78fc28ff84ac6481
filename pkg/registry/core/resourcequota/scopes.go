package resourcequota

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
)

// These are the resources that can be counted within a scope.
var (
	podCount   = []corev1.ResourceName{corev1.ResourcePods}
	podCompute = []corev1.ResourceName{
		corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceLimitsCPU, corev1.ResourceLimitsMemory,
		corev1.ResourceRequestsCPU, corev1.ResourceRequestsMemory,
	}
	claimCounts = []corev1.ResourceName{corev1.ResourcePersistentVolumeClaims, corev1.ResourceRequestsStorage}
)

func isScope(scope corev1.ResourceQuotaScope) bool {
	switch scope {
	case corev1.ResourceQuotaScopeTerminating, corev1.ResourceQuotaScopeNotTerminating, corev1.ResourceQuotaScopeBestEffort,
		corev1.ResourceQuotaScopeNotBestEffort, corev1.ResourceQuotaScopePriorityClass, corev1.ResourceQuotaScopeCrossNamespacePodAffinity,
		corev1.ResourceQuotaScopeVolumeAttributesClass:
		return true
	}
	return false
}

// countOutside returns the number of limited resources that the scope does not
// have.
func countOutside(spec *corev1.ResourceQuotaSpec, scope corev1.ResourceQuotaScope) (count int) {
	for name := range spec.Hard {
		if validation.IsStandardQuotaResourceName(name) && !applies(scope, name) {
			count++
		}
	}
	return count
}

func applies(scope corev1.ResourceQuotaScope, name corev1.ResourceName) bool {
	switch scope {
	case corev1.ResourceQuotaScopeBestEffort:
		return slices.Contains(podCount, name)
	case corev1.ResourceQuotaScopeVolumeAttributesClass:
		return slices.Contains(claimCounts, name)
	case corev1.ResourceQuotaScopeTerminating, corev1.ResourceQuotaScopeNotTerminating, corev1.ResourceQuotaScopeNotBestEffort,
		corev1.ResourceQuotaScopePriorityClass, corev1.ResourceQuotaScopeCrossNamespacePodAffinity:
		return slices.Contains(podCount, name) || slices.Contains(podCompute, name)
	}
	return true
}

// conflict reports whether no object can be in all of the scopes.
func conflict(scopes []corev1.ResourceQuotaScope) bool {
	has := func(scope corev1.ResourceQuotaScope) bool { return slices.Contains(scopes, scope) }
	return has(corev1.ResourceQuotaScopeBestEffort) && has(corev1.ResourceQuotaScopeNotBestEffort) ||
		has(corev1.ResourceQuotaScopeTerminating) && has(corev1.ResourceQuotaScopeNotTerminating)
}
