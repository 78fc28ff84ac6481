package validation

import (
	"slices"

	resourcev1 "k8s.io/api/resource/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// ValidateBindingConditions checks the names of the conditions for which a pod
// waits before it is bound, and of those that end the waiting. There are both or
// none, and they have no name in common. p is the path of the structure that has
// them.
func ValidateBindingConditions(conditions, failures []string, p *field.Path) field.ErrorList {
	conditionsPath, failuresPath := p.Child("bindingConditions"), p.Child("bindingFailureConditions")
	errs := ValidateList(conditions, resourcev1.BindingConditionsMaxSize, conditionsPath, validateConditionType)
	errs = append(errs, ValidateList(failures, resourcev1.BindingFailureConditionsMaxSize, failuresPath, validateConditionType)...)
	switch {
	case len(conditions) == 0 && len(failures) > 0:
		errs = append(errs, field.Invalid(conditionsPath, conditions, "bindingConditions are required to use bindingFailureConditions"))
	case len(conditions) > 0 && len(failures) == 0:
		errs = append(errs, field.Invalid(failuresPath, failures, "bindingFailureConditions are required to use bindingConditions"))
	}
	errs = append(errs, validateUnique(conditions, conditionsPath, itself)...)
	seen := sets.Set[string]{}
	for i, failure := range failures {
		if seen.Has(failure) {
			errs = append(errs, field.Duplicate(failuresPath.Index(i), failure))
		}
		seen.Insert(failure)
		if slices.Contains(conditions, failure) {
			errs = append(errs, field.Invalid(failuresPath.Index(i), failure, "bindingFailureConditions must not overlap with bindingConditions"))
		}
	}
	return errs
}

func validateConditionType(name *string, p *field.Path) field.ErrorList {
	return metav1validation.ValidateLabelName(*name, p)
}
