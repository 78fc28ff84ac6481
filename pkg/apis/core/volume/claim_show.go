package volume

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
)

// PersistentVolumeClaimSpecWarnings returns warnings about the specification of a
// claim.
func PersistentVolumeClaimSpecWarnings(spec *corev1.PersistentVolumeClaimSpec, p *field.Path) []string {
	p = p.Child("resources")
	return append(validation.FractionalBytes(spec.Resources.Requests, p.Child("requests"), corev1.ResourceStorage),
		validation.FractionalBytes(spec.Resources.Limits, p.Child("limits"), corev1.ResourceStorage)...)
}

// StorageClass returns the name of the storage class of a volume or claim: that
// of the field, unless the annotation that was before it is there.
func StorageClass(annotations map[string]string, class string) string {
	if name, ok := annotations[corev1.BetaStorageClassAnnotation]; ok {
		return name
	}
	return class
}

// StorageClassWarnings returns the warning about the annotation that was before
// the field.
func StorageClassWarnings(annotations map[string]string) []string {
	if _, ok := annotations[corev1.BetaStorageClassAnnotation]; !ok {
		return nil
	}
	return []string{field.NewPath("metadata", "annotations").Key(corev1.BetaStorageClassAnnotation).String() +
		`: deprecated since v1.8; use "storageClassName" attribute instead`}
}

// AccessModes returns the short names of access modes for a table, each once.
func AccessModes(modes []corev1.PersistentVolumeAccessMode) string {
	var names []string
	for _, m := range [...]struct {
		mode corev1.PersistentVolumeAccessMode
		name string
	}{
		{corev1.ReadWriteOnce, "RWO"}, {corev1.ReadOnlyMany, "ROX"}, {corev1.ReadWriteMany, "RWX"}, {corev1.ReadWriteOncePod, "RWOP"},
	} {
		if slices.Contains(modes, m.mode) {
			names = append(names, m.name)
		}
	}
	return strings.Join(names, ",")
}
