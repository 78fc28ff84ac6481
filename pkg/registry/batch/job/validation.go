package job

import (
	"context"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/apps/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/batch/jobspec"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/podspec"
)

var specPath = field.NewPath("spec")

func validate(ctx context.Context, j object) field.ErrorList {
	return validateJob(j, podLabels(j), podspec.OptionsFrom(ctx))
}

// validateJob checks a job whose pods must have the given labels if its selector
// is generated.
func validateJob(j object, podLabels map[string]string, opts podspec.Options) field.ErrorList {
	errs := validateGeneratedSelector(j, podLabels)
	errs = append(errs, validateSpec(&j.Spec, opts)...)
	completions := ptr.Deref(j.Spec.Completions, 0)
	if ptr.Deref(j.Spec.CompletionMode, "") != batchv1.IndexedCompletion || completions <= 0 {
		return errs
	}
	// The host name of a pod is the name of the job with the pod's index.
	if last := fmt.Sprintf("%s-%d", j.Name, completions-1); len(utilvalidation.IsDNS1123Label(last)) > 0 {
		errs = append(errs, field.Invalid(field.NewPath("metadata", "name"), j.Name, "will not able to create pod with invalid DNS label: "+last))
	}
	return errs
}

func validateSpec(spec *batchv1.JobSpec, opts podspec.Options) field.ErrorList {
	errs := jobspec.ValidateJobSpec(spec, opts, specPath)
	path := specPath.Child("selector")
	if spec.Selector == nil {
		errs = append(errs, field.Required(path, ""))
	} else {
		errs = append(errs, metav1validation.ValidateLabelSelector(spec.Selector, metav1validation.LabelSelectorValidationOptions{}, path)...)
	}
	if selector, err := metav1.LabelSelectorAsSelector(spec.Selector); err == nil {
		errs = append(errs, validation.ValidateSelected(selector, &spec.Template, specPath.Child("template"))...)
	}
	return errs
}
