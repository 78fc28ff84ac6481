package validation

import (
	"slices"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	pathvalidation "k8s.io/apimachinery/pkg/api/validation/path"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// ValidateMatchResources checks which objects a policy or a binding matches. One
// that mutates cannot match deletions.
func ValidateMatchResources(m *admissionregistrationv1.MatchResources, mutates bool, path *field.Path) field.ErrorList {
	errs := oneOf(m.MatchPolicy, path.Child("matchPolicy"), admissionregistrationv1.Equivalent, admissionregistrationv1.Exact)
	options := metav1validation.LabelSelectorValidationOptions{}
	errs = append(errs, metav1validation.ValidateLabelSelector(m.NamespaceSelector, options, path.Child("namespaceSelector"))...)
	errs = append(errs, metav1validation.ValidateLabelSelector(m.ObjectSelector, options, path.Child("objectSelector"))...)
	for i := range m.ResourceRules {
		errs = append(errs, validateNamedRule(&m.ResourceRules[i], path.Child("resourceRules").Index(i))...)
	}
	for i := range m.ExcludeResourceRules {
		errs = append(errs, validateNamedRule(&m.ExcludeResourceRules[i], path.Child("excludeResourceRules").Index(i))...)
	}
	if mutates {
		errs = append(errs, validateMutable(m.ResourceRules, path.Child("resourceRules"))...)
	}
	return errs
}

// validateNamedRule checks a rule that may name objects.
func validateNamedRule(r *admissionregistrationv1.NamedRuleWithOperations, path *field.Path) (errs field.ErrorList) {
	seen := sets.Set[string]{}
	for i, name := range r.ResourceNames {
		named := path.Child("resourceNames").Index(i)
		for _, complaint := range pathvalidation.ValidatePathSegmentName(name, false) {
			errs = append(errs, field.Invalid(named, name, complaint))
		}
		if seen.Has(name) {
			errs = append(errs, field.Duplicate(named, name))
		}
		seen.Insert(name)
	}
	return append(errs, ValidateRuleWithOperations(&r.RuleWithOperations, path)...)
}

// validateMutable checks that all operations have an object that can be changed.
func validateMutable(rules []admissionregistrationv1.NamedRuleWithOperations, path *field.Path) (errs field.ErrorList) {
	supported := []admissionregistrationv1.OperationType{
		admissionregistrationv1.OperationAll, admissionregistrationv1.Connect, admissionregistrationv1.Create, admissionregistrationv1.Update,
	}
	for i := range rules {
		for _, operation := range rules[i].Operations {
			if !slices.Contains(supported, operation) {
				errs = append(errs, field.NotSupported(path.Child("operations"), operation, supported))
			}
		}
	}
	return errs
}
