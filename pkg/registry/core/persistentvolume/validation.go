package persistentvolume

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/diff"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/volume"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

// mountOptionsAnnotation was before the field spec.mountOptions.
const mountOptionsAnnotation = "volume.beta.kubernetes.io/mount-options"

var (
	specPath        = field.NewPath("spec")
	annotationsPath = field.NewPath("metadata", "annotations")
)

func validate(_ context.Context, v *corev1.PersistentVolume) field.ErrorList {
	errs := volume.ValidatePersistentVolumeSpec(&v.Spec, v.Name, specPath)
	if v.Annotations[mountOptionsAnnotation] != "" && !takesMountOptions(&v.Spec.PersistentVolumeSource) {
		errs = append(errs, field.Forbidden(annotationsPath.Child(mountOptionsAnnotation), "may not specify mount options for this volume type"))
	}
	return errs
}

// takesMountOptions reports whether the kubelet mounts volumes of this kind with
// the options of the annotation.
func takesMountOptions(s *corev1.PersistentVolumeSource) bool {
	return s.GCEPersistentDisk != nil || s.AWSElasticBlockStore != nil || s.Glusterfs != nil || s.NFS != nil || s.RBD != nil ||
		s.Quobyte != nil || s.ISCSI != nil || s.Cinder != nil || s.CephFS != nil || s.AzureFile != nil || s.VsphereVolume != nil ||
		s.AzureDisk != nil || s.PhotonPersistentDisk != nil
}

// validateUpdate refuses changes of where the volume is. Of a CSI volume, the
// secret for its expansion can be added.
func validateUpdate(_ context.Context, v, old *corev1.PersistentVolume) field.ErrorList {
	const path = "spec.persistentvolumesource"
	var errs field.ErrorList
	source := old.Spec.PersistentVolumeSource.DeepCopy()
	if source.CSI != nil && v.Spec.CSI != nil && source.CSI.ControllerExpandSecretRef == nil {
		source.CSI.ControllerExpandSecretRef = v.Spec.CSI.ControllerExpandSecretRef
	}
	if !apiequality.Semantic.DeepEqual(&v.Spec.PersistentVolumeSource, source) {
		errs = append(errs, field.Forbidden(specPath.Child("persistentvolumesource"),
			path+" is immutable after creation\n"+diff.Diff(goform.Of(source), goform.Of(v.Spec.PersistentVolumeSource))))
	}
	errs = append(errs, apivalidation.ValidateImmutableField(v.Spec.VolumeMode, old.Spec.VolumeMode, field.NewPath("volumeMode"))...)
	if old.Spec.NodeAffinity != nil && !features.Enabled(features.MutablePVNodeAffinity) && !sameNodes(v.Spec.NodeAffinity, old.Spec.NodeAffinity) {
		errs = append(errs, field.Invalid(field.NewPath("nodeAffinity"), goform.Of(v.Spec.NodeAffinity),
			"field is immutable, except for updating from beta label to GA"))
	}
	if old.Spec.VolumeAttributesClassName != nil && v.Spec.VolumeAttributesClassName == nil {
		errs = append(errs, field.Forbidden(specPath.Child("volumeAttributesClassName"), "update from non-nil value to nil is forbidden"))
	}
	return errs
}

// sameNodes reports whether two node affinities say the same, where a deprecated
// label in the old one is as good as the one that has replaced it.
func sameNodes(now, old *corev1.VolumeNodeAffinity) bool {
	if now == nil || now.Required == nil || old.Required == nil || len(now.Required.NodeSelectorTerms) != len(old.Required.NodeSelectorTerms) {
		return apiequality.Semantic.DeepEqual(now, old)
	}
	old = old.DeepCopy()
	for i, term := range old.Required.NodeSelectorTerms {
		current := now.Required.NodeSelectorTerms[i]
		takeSuccessors(term.MatchExpressions, current.MatchExpressions)
		takeSuccessors(term.MatchFields, current.MatchFields)
	}
	return apiequality.Semantic.DeepEqual(now, old)
}

// takeSuccessors replaces the deprecated labels that have been replaced in the current requirements. As in
// kube-apiserver, that goes for an empty key in place of one that has no successor, too.
func takeSuccessors(old, current []corev1.NodeSelectorRequirement) {
	for i := range old {
		if label, _ := validation.NodeLabelSuccessor(old[i].Key); i < len(current) && current[i].Key == label {
			old[i].Key = label
		}
	}
}
