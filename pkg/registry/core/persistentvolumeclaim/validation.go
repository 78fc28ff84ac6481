package persistentvolumeclaim

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/diff"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/volume"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
)

var (
	specPath            = field.NewPath("spec")
	statusPath          = field.NewPath("status")
	classAnnotationPath = field.NewPath("metadata", "annotations").Child(corev1.BetaStorageClassAnnotation)
)

func validate(_ context.Context, c *corev1.PersistentVolumeClaim) field.ErrorList {
	return volume.ValidatePersistentVolumeClaimSpec(&c.Spec, volume.ClaimOptions{}, specPath)
}

// validateUpdate lets a claim without a volume or a class get one. A bound claim
// may grow and change its attributes.
func validateUpdate(_ context.Context, c, old *corev1.PersistentVolumeClaim) field.ErrorList {
	errs := volume.ValidatePersistentVolumeClaimSpec(&c.Spec, volume.ClaimOptionsFor(&old.Spec), specPath)
	before, after := old.Spec.DeepCopy(), c.Spec.DeepCopy()
	if before.VolumeName == "" {
		before.VolumeName = after.VolumeName
	}
	if classFromAnnotation(c, old) {
		after.StorageClassName = nil
	} else {
		errs = append(errs, apivalidation.ValidateImmutableField(c.Annotations[corev1.BetaStorageClassAnnotation],
			old.Annotations[corev1.BetaStorageClassAnnotation], classAnnotationPath)...)
		if classFromNothing(c, old) {
			before.StorageClassName = after.StorageClassName
		}
	}
	if c.Status.Phase == corev1.ClaimBound && after.Resources.Requests != nil {
		after.Resources.Requests[corev1.ResourceStorage] = old.Spec.Resources.Requests[corev1.ResourceStorage]
	}
	if c.Status.Phase == corev1.ClaimBound {
		after.VolumeAttributesClassName = before.VolumeAttributesClassName
	}
	if !apiequality.Semantic.DeepEqual(after, before) {
		errs = append(errs, field.Forbidden(specPath, "spec is immutable after creation except resources.requests and volumeAttributesClassName "+
			"for bound claims\n"+diff.Diff(goform.Of(before), goform.Of(after))))
	}
	errs = append(errs, validateShrinking(c, old)...)
	errs = append(errs, apivalidation.ValidateImmutableField(c.Spec.VolumeMode, old.Spec.VolumeMode, field.NewPath("volumeMode"))...)
	return append(errs, validateAttributesClass(c, old)...)
}

// classFromAnnotation reports whether the name of the class moves from the
// annotation to the field.
func classFromAnnotation(c, old *corev1.PersistentVolumeClaim) bool {
	was, ok := old.Annotations[corev1.BetaStorageClassAnnotation]
	if !ok || old.Spec.StorageClassName != nil || c.Spec.StorageClassName == nil || *c.Spec.StorageClassName != was {
		return false
	}
	is, ok := c.Annotations[corev1.BetaStorageClassAnnotation]
	return !ok || is == was
}

// classFromNothing reports whether a claim that has named no class names one
// (KEP-3333).
func classFromNothing(c, old *corev1.PersistentVolumeClaim) bool {
	_, annotated := old.Annotations[corev1.BetaStorageClassAnnotation]
	return !annotated && old.Spec.StorageClassName == nil && c.Spec.StorageClassName != nil
}

// validateShrinking lets a claim ask for less than before, after an expansion
// that failed, but for more than its volume has (KEP-1790).
func validateShrinking(c, old *corev1.PersistentVolumeClaim) field.ErrorList {
	var has, wants, wanted resource.Quantity
	has, wants, wanted = old.Status.Capacity[corev1.ResourceStorage], c.Spec.Resources.Requests[corev1.ResourceStorage],
		old.Spec.Resources.Requests[corev1.ResourceStorage]
	if wants.Cmp(wanted) < 0 && wants.Cmp(has) <= 0 {
		return field.ErrorList{field.Forbidden(specPath.Child("resources", "requests", "storage"), "field can not be less than status.capacity")}
	}
	return nil
}

// validateAttributesClass refuses to take away the class that the volume has.
func validateAttributesClass(c, old *corev1.PersistentVolumeClaim) field.ErrorList {
	class := c.Spec.VolumeAttributesClassName
	if old.Status.CurrentVolumeAttributesClassName == nil || apiequality.Semantic.DeepEqual(class, old.Spec.VolumeAttributesClassName) {
		return nil
	}
	const forbidden = " is forbidden when status.currentVolumeAttributesClassName is not nil"
	switch p := specPath.Child("volumeAttributesClassName"); {
	case class == nil:
		return field.ErrorList{field.Forbidden(p, "update to nil"+forbidden)}
	case *class == "":
		return field.ErrorList{field.Forbidden(p, "update to empty string"+forbidden)}
	}
	return nil
}
