package volume

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// ClaimWarnings returns warnings about amounts of storage that are no whole
// numbers of bytes. path is the path of the object that contains the spec: the
// warnings do not mention the spec.
func ClaimWarnings(spec *corev1.PersistentVolumeClaimSpec, path *field.Path) []string {
	var warnings []string
	for _, list := range []struct {
		name   string
		amount corev1.ResourceList
	}{{"requests", spec.Resources.Requests}, {"limits", spec.Resources.Limits}} {
		if q, ok := list.amount[corev1.ResourceStorage]; ok && q.MilliValue()%1000 != 0 {
			at := path.Child("resources", list.name).Key(string(corev1.ResourceStorage))
			warnings = append(warnings, fmt.Sprintf("%s: fractional byte value %q is invalid, must be an integer", at, q.String()))
		}
	}
	return warnings
}
