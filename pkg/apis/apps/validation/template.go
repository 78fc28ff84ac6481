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

// Validate checks the selector and the template. spec is the path of the object
// that contains both.
func (w Workload) Validate(spec *field.Path) field.ErrorList {
	path := spec.Child("selector")
	var errs field.ErrorList
	if w.Selector == nil {
		errs = append(errs, field.Required(path, ""))
	} else {
		errs = append(errs, metav1validation.ValidateLabelSelector(w.Selector, metav1validation.LabelSelectorValidationOptions{}, path)...)
		if len(w.Selector.MatchLabels)+len(w.Selector.MatchExpressions) == 0 {
			errs = append(errs, field.Invalid(path, w.Selector, "empty selector is invalid for "+w.Kind))
		}
	}
	selector, err := metav1.LabelSelectorAsSelector(w.Selector)
	if err != nil {
		return append(errs, field.Invalid(path, w.Selector, "invalid label selector"))
	}
	if !selector.Empty() && !selector.Matches(labels.Set(w.Template.Labels)) {
		errs = append(errs, field.Invalid(spec.Child("template", "metadata", "labels"), w.Template.Labels, "`selector` does not match template `labels`"))
	}
	return append(errs, w.validateTemplate(spec.Child("template"))...)
}

func (w Workload) validateTemplate(path *field.Path) field.ErrorList {
	errs := podspec.ValidatePodTemplateSpec(w.Template, w.Options, path)
	if policy := w.Template.Spec.RestartPolicy; policy != corev1.RestartPolicyAlways {
		errs = append(errs, field.NotSupported(path.Child("spec", "restartPolicy"), policy, []corev1.RestartPolicy{corev1.RestartPolicyAlways}))
	}
	if w.Template.Spec.ActiveDeadlineSeconds != nil {
		errs = append(errs, field.Forbidden(path.Child("spec", "activeDeadlineSeconds"),
			fmt.Sprintf("activeDeadlineSeconds in %s is not Supported", w.Owner)))
	}
	return errs
}
