package validation

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/podspec"
)

// Workload contains the fields that are common to resources which create pods
// from a template and find them by a selector.
type Workload struct {
	// Kind is the kind in the error about an empty selector, and Owner the kind
	// in errors about the pod template.
	Kind, Owner string
	Selector    *metav1.LabelSelector
	Template    *corev1.PodTemplateSpec
	Options     podspec.Options
}

// Validate checks the selector, which is required, and the template. spec is the
// path of the object that contains both.
func (w Workload) Validate(spec *field.Path) field.ErrorList {
	path := spec.Child("selector")
	errs := w.ValidateSelector(path)
	selector, err := metav1.LabelSelectorAsSelector(w.Selector)
	if err != nil {
		return append(errs, field.Invalid(path, w.Selector, "invalid label selector"))
	}
	errs = append(errs, ValidateSelected(selector, w.Template, spec.Child("template"))...)
	return append(errs, w.ValidateTemplate(spec.Child("template"))...)
}

// ValidateSelector checks the selector, which is required and must not be empty.
func (w Workload) ValidateSelector(path *field.Path) field.ErrorList {
	if w.Selector == nil {
		return field.ErrorList{field.Required(path, "")}
	}
	errs := metav1validation.ValidateLabelSelector(w.Selector, metav1validation.LabelSelectorValidationOptions{}, path)
	if len(w.Selector.MatchLabels)+len(w.Selector.MatchExpressions) == 0 {
		errs = append(errs, field.Invalid(path, w.Selector, "empty selector is invalid for "+w.Kind))
	}
	return errs
}

// ValidateSelected checks that the selector matches the labels of the template.
func ValidateSelected(selector labels.Selector, t *corev1.PodTemplateSpec, path *field.Path) field.ErrorList {
	if selector.Matches(labels.Set(t.Labels)) {
		return nil
	}
	return field.ErrorList{field.Invalid(path.Child("metadata", "labels"), t.Labels, "`selector` does not match template `labels`")}
}

// ValidateTemplate checks the template of pods that run until they are deleted.
func (w Workload) ValidateTemplate(path *field.Path) field.ErrorList {
	return append(podspec.ValidatePodTemplateSpec(w.Template, w.Options, path), w.ValidateEndless(path)...)
}

// ValidateEndless checks that nothing in the template ends its pods.
func (w Workload) ValidateEndless(path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if policy := w.Template.Spec.RestartPolicy; policy != corev1.RestartPolicyAlways {
		errs = append(errs, field.NotSupported(path.Child("spec", "restartPolicy"), policy, []corev1.RestartPolicy{corev1.RestartPolicyAlways}))
	}
	if w.Template.Spec.ActiveDeadlineSeconds != nil {
		errs = append(errs, field.Forbidden(path.Child("spec", "activeDeadlineSeconds"),
			fmt.Sprintf("activeDeadlineSeconds in %s is not Supported", w.Owner)))
	}
	return errs
}
