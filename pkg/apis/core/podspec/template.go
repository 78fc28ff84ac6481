package podspec

import (
	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// ValidatePodTemplateSpec checks the template from which a workload creates its
// pods.
func ValidatePodTemplateSpec(t *corev1.PodTemplateSpec, opts Options, p *field.Path) field.ErrorList {
	errs := ValidatePodTemplateMeta(t, opts, p)
	errs = append(errs, ValidatePodSpec(&t.Spec, nil, opts, p.Child("spec"))...)
	if len(t.Spec.EphemeralContainers) > 0 {
		errs = append(errs, field.Forbidden(p.Child("spec", "ephemeralContainers"), "ephemeral containers not allowed in pod template"))
	}
	return errs
}

// ValidatePodTemplateMeta checks the labels and annotations of a pod template.
func ValidatePodTemplateMeta(t *corev1.PodTemplateSpec, opts Options, p *field.Path) field.ErrorList {
	errs := metav1validation.ValidateLabels(t.Labels, p.Child("labels"))
	errs = append(errs, apivalidation.ValidateAnnotations(t.Annotations, p.Child("annotations"))...)
	return append(errs, validateAnnotations(&t.ObjectMeta, &t.Spec, opts, p.Child("annotations"))...)
}
