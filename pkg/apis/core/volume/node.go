package volume

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
)

func validateEmptyDir(s *corev1.EmptyDirVolumeSource, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	if s.SizeLimit != nil && s.SizeLimit.Sign() < 0 {
		errs = append(errs, field.Forbidden(p.Child("sizeLimit"), "SizeLimit field must be a valid resource quantity"))
	}
	if s.Mode != nil && (*s.Mode < 0 || *s.Mode > 0o1777) {
		errs = append(errs, field.Invalid(p.Child("mode"), *s.Mode, "must be a number between 0 and 01777 (octal), both inclusive"))
	}
	return errs
}

// ValidateHostPath checks a path on the node to a directory, file or device.
func ValidateHostPath(s *corev1.HostPathVolumeSource, p *field.Path) field.ErrorList {
	if s.Path == "" {
		return field.ErrorList{field.Required(p.Child("path"), "")}
	}
	errs := validateNoBacksteps(s.Path, p.Child("path"))
	if s.Type != nil {
		errs = append(errs, metavalidation.ValidateOneOf(*s.Type, p.Child("type"),
			corev1.HostPathUnset, corev1.HostPathBlockDev, corev1.HostPathCharDev, corev1.HostPathDirectory,
			corev1.HostPathDirectoryOrCreate, corev1.HostPathFile, corev1.HostPathFileOrCreate, corev1.HostPathSocket)...)
	}
	return errs
}

func validateGitRepo(s *corev1.GitRepoVolumeSource, p *field.Path) field.ErrorList {
	return join(
		required(s.Repository, p.Child("repository")),
		ValidateLocalDescendingPath(s.Directory, p.Child("directory")),
	)
}

func validateImage(s *corev1.ImageVolumeSource, template bool, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	if !template {
		errs = append(errs, required(s.Reference, p.Child("reference"))...)
	}
	if s.PullPolicy == "" {
		return append(errs, field.Required(p.Child("pullPolicy"), ""))
	}
	return append(errs, metavalidation.ValidateOneOf(s.PullPolicy, p.Child("pullPolicy"), corev1.PullAlways, corev1.PullIfNotPresent, corev1.PullNever)...)
}
