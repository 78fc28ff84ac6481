package validation

import (
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	pathvalidation "k8s.io/apimachinery/pkg/api/validation/path"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Binding is what the specs of bindings of validating and mutating policies have
// in common.
type Binding struct {
	PolicyName     string
	ParamRef       *admissionregistrationv1.ParamRef
	MatchResources *admissionregistrationv1.MatchResources
	// Mutates is true for the binding of a mutating policy.
	Mutates bool
}

// Validate checks the common part of a binding. The policy need not exist.
func (b *Binding) Validate(path *field.Path) (errs field.ErrorList) {
	name := path.Child("policyName")
	if b.PolicyName == "" {
		errs = append(errs, field.Required(name, ""))
	} else {
		for _, complaint := range apivalidation.NameIsDNSSubdomain(b.PolicyName, false) {
			errs = append(errs, field.Invalid(name, b.PolicyName, complaint))
		}
	}
	if b.ParamRef != nil {
		errs = append(errs, validateParamRef(b.ParamRef, path.Child("paramRef"))...)
	}
	if b.MatchResources != nil {
		errs = append(errs, ValidateMatchResources(b.MatchResources, b.Mutates, path.Child("matchResources"))...)
	}
	return errs
}

// validateParamRef checks that parameters are either named or selected. Any
// namespace is accepted.
func validateParamRef(r *admissionregistrationv1.ParamRef, path *field.Path) (errs field.ErrorList) {
	if r.Name == "" && r.Selector == nil {
		errs = append(errs, field.Required(path, "one of name or selector must be specified"))
	}
	both := r.Name != "" && r.Selector != nil
	if r.Name != "" {
		for _, complaint := range pathvalidation.ValidatePathSegmentName(r.Name, false) {
			errs = append(errs, field.Invalid(path.Child("name"), r.Name, complaint))
		}
	}
	if both {
		errs = append(errs, field.Forbidden(path.Child("name"), "name and selector are mutually exclusive"))
	}
	errs = append(errs, metav1validation.ValidateLabelSelector(r.Selector, metav1validation.LabelSelectorValidationOptions{}, path.Child("selector"))...)
	if both {
		errs = append(errs, field.Forbidden(path.Child("selector"), "name and selector are mutually exclusive"))
	}
	action := path.Child("parameterNotFoundAction")
	if r.ParameterNotFoundAction == nil || *r.ParameterNotFoundAction == "" {
		return append(errs, field.Required(action, ""))
	}
	return append(errs, oneOf(r.ParameterNotFoundAction, action, admissionregistrationv1.DenyAction, admissionregistrationv1.AllowAction)...)
}
