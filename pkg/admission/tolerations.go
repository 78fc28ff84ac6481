package admission

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
)

// MergeTolerations joins the tolerations of a pod and those that a plugin adds,
// without those that another one covers. Of equal ones the first stays. As in
// kube-apiserver, this also drops tolerations of the pod that others of the pod
// cover.
func MergeTolerations(pod, added []corev1.Toleration) []corev1.Toleration {
	all := slices.Concat(pod, added)
	var merged []corev1.Toleration
	for i := range all {
		if !coveredByOther(all, i) {
			merged = append(merged, all[i])
		}
	}
	return merged
}

func coveredByOther(all []corev1.Toleration, i int) bool {
	for j := range all {
		if j != i && Covers(all[j], all[i]) && (j < i || !Covers(all[i], all[j])) {
			return true
		}
	}
	return false
}

// Covers reports whether wide tolerates everything that narrow does. As in
// kube-apiserver, an operator that is missing in narrow is not taken for Equal.
func Covers(wide, narrow corev1.Toleration) bool {
	if apiequality.Semantic.DeepEqual(wide, narrow) {
		return true
	}
	if wide.Key != narrow.Key && (wide.Key != "" || wide.Operator != corev1.TolerationOpExists) {
		return false
	}
	if wide.Effect != narrow.Effect && wide.Effect != "" {
		return false
	}
	if wide.Effect == corev1.TaintEffectNoExecute && wide.TolerationSeconds != nil &&
		(narrow.TolerationSeconds == nil || *narrow.TolerationSeconds > *wide.TolerationSeconds) {
		return false
	}
	return wide.Operator == corev1.TolerationOpExists ||
		narrow.Operator == corev1.TolerationOpEqual && wide.Value == narrow.Value
}
