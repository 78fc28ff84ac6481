package validation

import (
	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// ValidateNodeSelector checks the terms of a node selector, of which there must
// be at least one. allowInvalidLabelValueInRequiredNodeAffinity is for
// selectors that were stored before label values were validated.
func ValidateNodeSelector(ns *corev1.NodeSelector, allowInvalidLabelValueInRequiredNodeAffinity bool, p *field.Path) field.ErrorList {
	terms := p.Child("nodeSelectorTerms")
	if len(ns.NodeSelectorTerms) == 0 {
		return field.ErrorList{field.Required(terms, "must have at least one node selector term")}
	}
	var errs field.ErrorList
	for i, term := range ns.NodeSelectorTerms {
		errs = append(errs, ValidateNodeSelectorTerm(term, allowInvalidLabelValueInRequiredNodeAffinity, terms.Index(i))...)
	}
	return errs
}

// ValidateNodeSelectorTerm checks the requirements of a term on labels and
// fields.
func ValidateNodeSelectorTerm(term corev1.NodeSelectorTerm, allowInvalidLabelValueInRequiredNodeAffinity bool, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, r := range term.MatchExpressions {
		errs = append(errs, validateLabelRequirement(r, allowInvalidLabelValueInRequiredNodeAffinity, p.Child("matchExpressions").Index(i))...)
	}
	for i, r := range term.MatchFields {
		errs = append(errs, validateFieldRequirement(r, p.Child("matchFields").Index(i))...)
	}
	return errs
}

func validateLabelRequirement(r corev1.NodeSelectorRequirement, anyValue bool, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	values := p.Child("values")
	switch r.Operator {
	case corev1.NodeSelectorOpIn, corev1.NodeSelectorOpNotIn:
		if len(r.Values) == 0 {
			errs = append(errs, field.Required(values, "must be specified when `operator` is 'In' or 'NotIn'"))
		}
	case corev1.NodeSelectorOpExists, corev1.NodeSelectorOpDoesNotExist:
		if len(r.Values) > 0 {
			errs = append(errs, field.Forbidden(values, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
		}
	case corev1.NodeSelectorOpGt, corev1.NodeSelectorOpLt:
		if len(r.Values) != 1 {
			errs = append(errs, field.Required(values, "must be specified single value when `operator` is 'Lt' or 'Gt'"))
		}
	default:
		errs = append(errs, field.Invalid(p.Child("operator"), r.Operator, "not a valid selector operator"))
	}
	errs = append(errs, metav1validation.ValidateLabelName(r.Key, p.Child("key"))...)
	if anyValue {
		return errs
	}
	for i, v := range r.Values {
		errs = append(errs, invalidForEach(values.Index(i), v, utilvalidation.IsValidLabelValue(v))...)
	}
	return errs
}

// validateFieldRequirement checks a requirement on a field. The only field of
// nodes that can be selected is metadata.name.
func validateFieldRequirement(r corev1.NodeSelectorRequirement, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	values := p.Child("values")
	switch r.Operator {
	case corev1.NodeSelectorOpIn, corev1.NodeSelectorOpNotIn:
		if len(r.Values) != 1 {
			errs = append(errs, field.Required(values, "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"))
		}
	default:
		errs = append(errs, field.Invalid(p.Child("operator"), r.Operator, "not a valid selector operator"))
	}
	if r.Key != metav1.ObjectNameField {
		return append(errs, field.Invalid(p.Child("key"), r.Key, "not a valid field selector key"))
	}
	for i, v := range r.Values {
		errs = append(errs, invalidForEach(values.Index(i), v, apivalidation.NameIsDNSSubdomain(v, false))...)
	}
	return errs
}
