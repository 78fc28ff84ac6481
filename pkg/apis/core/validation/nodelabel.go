package validation

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// NodeLabelSuccessor returns the label that has replaced a deprecated label of
// nodes, and the version that deprecated it. Both are empty for a label that is
// not deprecated.
func NodeLabelSuccessor(key string) (now, since string) {
	switch key {
	case corev1.LabelFailureDomainBetaZone:
		return corev1.LabelTopologyZone, "v1.17"
	case corev1.LabelFailureDomainBetaRegion:
		return corev1.LabelTopologyRegion, "v1.17"
	case corev1.LabelInstanceType:
		return corev1.LabelInstanceTypeStable, "v1.17"
	case "beta.kubernetes.io/os":
		return corev1.LabelOSStable, "v1.14"
	case "beta.kubernetes.io/arch":
		return corev1.LabelArchStable, "v1.14"
	}
	return "", ""
}

// DeprecatedNodeLabel returns a text that says since when the label of a node is
// deprecated and which one has replaced it, for warnings. It is empty for a
// label that is not deprecated.
func DeprecatedNodeLabel(key string) string {
	now, since := NodeLabelSuccessor(key)
	if now == "" {
		return ""
	}
	return fmt.Sprintf("deprecated since %s; use %q instead", since, now)
}
