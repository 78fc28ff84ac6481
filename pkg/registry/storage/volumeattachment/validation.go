package volumeattachment

import (
	"context"
	"math"

	storagev1 "k8s.io/api/storage/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/volume"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
)

// The limits of what an attacher reports, in bytes.
const (
	maxMetadata = 256 * 1024
	maxMessage  = 1024
)

var (
	specPath   = field.NewPath("spec")
	sourcePath = specPath.Child("source")
	statusPath = field.NewPath("status")
)

func validate(_ context.Context, a *storagev1.VolumeAttachment) field.ErrorList {
	errs := volume.ValidateCSIDriverName(a.Spec.Attacher, specPath.Child("attacher"))
	errs = append(errs, validateSource(&a.Spec.Source)...)
	errs = append(errs, validation.ValidateDNS1123Subdomain(a.Spec.NodeName, specPath.Child("nodeName"))...)
	size := 0
	for key, value := range a.Status.AttachmentMetadata {
		size += len(key) + len(value)
	}
	if size > maxMetadata {
		errs = append(errs, field.TooLong(statusPath.Child("attachmentMetadata"), "" /* not repeated */, maxMetadata))
	}
	errs = append(errs, validateError(a.Status.AttachError, statusPath.Child("attachError"))...)
	errs = append(errs, validateError(a.Status.DetachError, statusPath.Child("detachError"))...)
	if name := a.Spec.Source.PersistentVolumeName; name != nil {
		errs = append(errs, validation.ValidateDNS1123Subdomain(*name, sourcePath.Child("persistentVolumeName"))...)
	}
	return errs
}

// validateSource checks that there is one volume: a persistent volume by its
// name, or an inline one, which the migration to CSI makes of a volume in a pod.
func validateSource(s *storagev1.VolumeAttachmentSource) field.ErrorList {
	const exactlyOne = "must specify exactly one of inlineVolumeSpec and persistentVolumeName"
	switch {
	case s.InlineVolumeSpec == nil && s.PersistentVolumeName == nil:
		return field.ErrorList{field.Required(sourcePath, exactlyOne)}
	case s.InlineVolumeSpec != nil && s.PersistentVolumeName != nil:
		return field.ErrorList{field.Forbidden(sourcePath, exactlyOne)}
	case s.InlineVolumeSpec != nil:
		return volume.ValidateInlinePersistentVolumeSpec(s.InlineVolumeSpec, sourcePath.Child("inlineVolumeSpec"))
	case *s.PersistentVolumeName == "":
		return field.ErrorList{field.Required(sourcePath.Child("persistentVolumeName"), "must specify non empty persistentVolumeName")}
	}
	return nil
}

// validateError checks why the last attempt failed. For a message that is too
// long, kube-apiserver names the limit of the metadata.
func validateError(e *storagev1.VolumeError, p *field.Path) field.ErrorList {
	if e == nil {
		return nil
	}
	var errs field.ErrorList
	if len(e.Message) > maxMessage {
		errs = append(errs, field.TooLong(p.Child("message"), e.Message, maxMetadata))
	}
	if e.ErrorCode != nil && *e.ErrorCode < 0 {
		errs = append(errs, field.Invalid(p.Child("errorCode"), *e.ErrorCode, utilvalidation.InclusiveRangeError(0, math.MaxInt32)))
	}
	return errs
}

func validateUpdate(ctx context.Context, a, old *storagev1.VolumeAttachment) field.ErrorList {
	errs := validate(ctx, a)
	if !apiequality.Semantic.DeepEqual(a.Spec, old.Spec) {
		errs = append(errs, field.Invalid(specPath, goform.Of(a.Spec), "field is immutable"))
	}
	return errs
}
