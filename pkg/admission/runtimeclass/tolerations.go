package runtimeclass

import (
	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
)

// mergeTolerations returns those of both lists that no other one includes. As in
// kube-apiserver, that also drops tolerations of the pod which are included by
// others of the pod.
func mergeTolerations(pod, class []corev1.Toleration) []corev1.Toleration {
	all := append(pod[:len(pod):len(pod)], class...)
	var merged []corev1.Toleration
	for i := range all {
		if !included(all, i) {
			merged = append(merged, all[i])
		}
	}
	return merged
}

// included reports whether another toleration tolerates what the i-th does. Of
// those that tolerate the same the first stays.
func included(all []corev1.Toleration, i int) bool {
	for j := range all {
		if j != i && includes(&all[j], &all[i]) && (j < i || !includes(&all[i], &all[j])) {
			return true
		}
	}
	return false
}

// includes reports whether a tolerates every taint that b tolerates, for as long.
// An empty key or effect stands for all.
func includes(a, b *corev1.Toleration) bool {
	if apiequality.Semantic.DeepEqual(a, b) {
		return true
	}
	if a.Key != "" && a.Key != b.Key || a.Effect != "" && a.Effect != b.Effect {
		return false
	}
	if a.Effect == corev1.TaintEffectNoExecute && a.TolerationSeconds != nil &&
		(b.TolerationSeconds == nil || *b.TolerationSeconds > *a.TolerationSeconds) {
		return false
	}
	switch a.Operator {
	case corev1.TolerationOpExists:
		return true
	case corev1.TolerationOpEqual, "":
		return (b.Operator == "" || b.Operator == corev1.TolerationOpEqual) && a.Value == b.Value
	}
	return false
}
