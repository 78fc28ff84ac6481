package quota

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/podspec"
)

// podInScope reports whether a pod is in a scope.
func podInScope(scope selector, pod *corev1.Pod) (bool, error) {
	switch scope.ScopeName {
	case corev1.ResourceQuotaScopeTerminating:
		return pod.Spec.ActiveDeadlineSeconds != nil, nil
	case corev1.ResourceQuotaScopeNotTerminating:
		return pod.Spec.ActiveDeadlineSeconds == nil, nil
	case corev1.ResourceQuotaScopeBestEffort:
		return podspec.QOSClass(pod) == corev1.PodQOSBestEffort, nil
	case corev1.ResourceQuotaScopeNotBestEffort:
		return podspec.QOSClass(pod) != corev1.PodQOSBestEffort, nil
	case corev1.ResourceQuotaScopeCrossNamespacePodAffinity:
		return slices.ContainsFunc(affinityTerms(pod.Spec.Affinity), crossesNamespaces), nil
	case corev1.ResourceQuotaScopePriorityClass:
		if pod.Spec.PriorityClassName == "" {
			return selects(scope)
		}
		return selects(scope, pod.Spec.PriorityClassName)
	}
	return false, nil
}

// affinityTerms returns the terms by which a pod selects other pods.
func affinityTerms(affinity *corev1.Affinity) (terms []corev1.PodAffinityTerm) {
	if affinity == nil {
		return nil
	}
	var preferred []corev1.WeightedPodAffinityTerm
	if a := affinity.PodAffinity; a != nil {
		terms = append(terms, a.RequiredDuringSchedulingIgnoredDuringExecution...)
		preferred = append(preferred, a.PreferredDuringSchedulingIgnoredDuringExecution...)
	}
	if a := affinity.PodAntiAffinity; a != nil {
		terms = append(terms, a.RequiredDuringSchedulingIgnoredDuringExecution...)
		preferred = append(preferred, a.PreferredDuringSchedulingIgnoredDuringExecution...)
	}
	for _, term := range preferred {
		terms = append(terms, term.PodAffinityTerm)
	}
	return terms
}

// crossesNamespaces reports whether a term names namespaces at all, even if it is
// only that of the pod.
func crossesNamespaces(term corev1.PodAffinityTerm) bool {
	return len(term.Namespaces) > 0 || term.NamespaceSelector != nil
}
