package volume

import (
	"path"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
)

// ValidatePersistentVolumeSpec checks the specification of the persistent volume
// with the given name.
func ValidatePersistentVolumeSpec(spec *corev1.PersistentVolumeSpec, name string, p *field.Path) field.ErrorList {
	errs := validatePersistentAccessModes(spec.AccessModes, p.Child("accessModes"))
	errs = append(errs, validateCapacity(spec.Capacity, p.Child("capacity"))...)
	policy := p.Child("persistentVolumeReclaimPolicy")
	if spec.PersistentVolumeReclaimPolicy != "" {
		errs = append(errs, metavalidation.ValidateOneOf(spec.PersistentVolumeReclaimPolicy, policy,
			corev1.PersistentVolumeReclaimDelete, corev1.PersistentVolumeReclaimRecycle, corev1.PersistentVolumeReclaimRetain)...)
	}
	errs = append(errs, validateVolumeNodeAffinity(spec.NodeAffinity, p.Child("nodeAffinity"))...)
	errs = append(errs, validatePersistentSource(spec, name, p)...)
	if spec.HostPath != nil && path.Clean(spec.HostPath.Path) == "/" && spec.PersistentVolumeReclaimPolicy == corev1.PersistentVolumeReclaimRecycle {
		errs = append(errs, field.Forbidden(policy, "may not be 'recycle' for a hostPath mount of '/'"))
	}
	errs = append(errs, ValidateClassName(&spec.StorageClassName, p.Child("storageClassName"))...)
	if spec.VolumeMode != nil {
		errs = append(errs, ValidateVolumeMode(*spec.VolumeMode, p.Child("volumeMode"))...)
	}
	if spec.VolumeAttributesClassName == nil {
		return errs
	}
	class := p.Child("volumeAttributesClassName")
	if *spec.VolumeAttributesClassName == "" {
		errs = append(errs, field.Required(class, "an empty string is disallowed"))
	}
	errs = append(errs, ValidateClassName(spec.VolumeAttributesClassName, class)...)
	if spec.CSI == nil {
		errs = append(errs, field.Required(p.Child("csi"), "has to be specified when using volumeAttributesClassName"))
	}
	return errs
}

// ValidateInlinePersistentVolumeSpec checks a specification that is part of a
// volume attachment, and tells only how a CSI driver finds the volume.
func ValidateInlinePersistentVolumeSpec(spec *corev1.PersistentVolumeSpec, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	forbid := func(name string, given bool) {
		if given {
			errs = append(errs, field.Forbidden(p.Child(name), "may not be specified in the context of inline volumes"))
		}
	}
	forbid("claimRef", spec.ClaimRef != nil)
	forbid("capacity", spec.Capacity != nil)
	if spec.CSI == nil {
		errs = append(errs, field.Required(p.Child("csi"), "has to be specified in the context of inline volumes"))
	}
	errs = append(errs, validatePersistentAccessModes(spec.AccessModes, p.Child("accessModes"))...)
	if policy := spec.PersistentVolumeReclaimPolicy; policy != "" && policy != corev1.PersistentVolumeReclaimRetain {
		errs = append(errs, field.Forbidden(p.Child("persistentVolumeReclaimPolicy"), "may only be "+string(corev1.PersistentVolumeReclaimRetain)+
			" in the context of inline volumes"))
	}
	forbid("nodeAffinity", spec.NodeAffinity != nil)
	errs = append(errs, validatePersistentSource(spec, "", p)...)
	forbid("storageClassName", spec.StorageClassName != "")
	if mode := spec.VolumeMode; mode != nil && *mode != corev1.PersistentVolumeFilesystem {
		errs = append(errs, field.Forbidden(p.Child("volumeMode"), "may not specify volumeMode other than "+string(corev1.PersistentVolumeFilesystem)+
			" in the context of inline volumes"))
	}
	return errs
}

// validatePersistentAccessModes is like ValidateAccessModes, with other words
// for none.
func validatePersistentAccessModes(modes []corev1.PersistentVolumeAccessMode, p *field.Path) field.ErrorList {
	if len(modes) == 0 {
		return field.ErrorList{field.Required(p, "")}
	}
	return ValidateAccessModes(modes, p)
}

// validateCapacity checks that the capacity is a positive amount of storage and
// nothing else.
func validateCapacity(capacity corev1.ResourceList, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	if len(capacity) == 0 {
		errs = append(errs, field.Required(p, ""))
	}
	if _, ok := capacity[corev1.ResourceStorage]; !ok || len(capacity) > 1 {
		errs = append(errs, field.NotSupported(p, capacity, []corev1.ResourceName{corev1.ResourceStorage}))
	}
	for _, name := range validation.SortedNames(capacity) {
		q, at := capacity[name], p.Key(string(name))
		errs = append(errs, validation.ValidateBasicResource(q, at)...)
		errs = append(errs, validation.ValidatePositiveQuantity(q, at)...)
	}
	return errs
}

func validateVolumeNodeAffinity(affinity *corev1.VolumeNodeAffinity, p *field.Path) field.ErrorList {
	switch {
	case affinity == nil:
		return nil
	case affinity.Required == nil:
		return field.ErrorList{field.Required(p.Child("required"), "must specify required node constraints")}
	}
	return validation.ValidateNodeSelector(affinity.Required, false, p.Child("required"))
}
