package validation

import (
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Policy is what the specs of validating and mutating policies have in common.
type Policy struct {
	FailurePolicy    *admissionregistrationv1.FailurePolicyType
	ParamKind        *admissionregistrationv1.ParamKind
	MatchConstraints *admissionregistrationv1.MatchResources
	MatchConditions  []admissionregistrationv1.MatchCondition
	Variables        []admissionregistrationv1.Variable
	// Mutates is true for a mutating policy: it cannot match deletions, and its
	// expressions can use "variables" even if there are none.
	Mutates bool
}

// Validate checks the common part of a policy, and declares its parameters and
// variables for the rest.
func (p *Policy) Validate(e *Expressions, path *field.Path) field.ErrorList {
	errs := oneOf(p.FailurePolicy, path.Child("failurePolicy"), admissionregistrationv1.Fail, admissionregistrationv1.Ignore)
	if p.ParamKind != nil {
		e.Params = true
		errs = append(errs, validateParamKind(p.ParamKind, path.Child("paramKind"))...)
	}
	if constraints := path.Child("matchConstraints"); p.MatchConstraints == nil {
		errs = append(errs, field.Required(constraints, ""))
	} else {
		errs = append(errs, ValidateMatchResources(p.MatchConstraints, p.Mutates, constraints)...)
		if len(p.MatchConstraints.ResourceRules) == 0 {
			errs = append(errs, field.Required(constraints.Child("resourceRules"), ""))
		}
	}
	errs = append(errs, ValidateMatchConditions(p.MatchConditions, e, path.Child("matchConditions"))...)
	if p.Mutates || len(p.Variables) > 0 {
		errs = append(errs, e.Declare(p.Variables, path.Child("variables"))...)
	}
	return errs
}

// Expressions returns the expressions of the common part.
func (p *Policy) Expressions() []string {
	var expressions []string
	for _, c := range p.MatchConditions {
		expressions = append(expressions, c.Expression)
	}
	for _, v := range p.Variables {
		expressions = append(expressions, v.Expression)
	}
	return expressions
}

func validateParamKind(k *admissionregistrationv1.ParamKind, path *field.Path) (errs field.ErrorList) {
	version := path.Child("apiVersion")
	if k.APIVersion == "" {
		errs = append(errs, field.Required(version, ""))
	} else if gv, err := schema.ParseGroupVersion(k.APIVersion); err != nil {
		errs = append(errs, field.Invalid(version, k.APIVersion, err.Error()))
	} else {
		errs = append(errs, validateGroupVersion(gv, k.APIVersion, version)...)
	}
	if k.Kind == "" {
		return append(errs, field.Required(path.Child("kind"), ""))
	}
	for _, complaint := range utilvalidation.IsDNS1035Label(strings.ToLower(k.Kind)) {
		errs = append(errs, field.Invalid(path.Child("kind"), k.Kind, "may have mixed case, but should otherwise match: "+complaint))
	}
	return errs
}

func validateGroupVersion(gv schema.GroupVersion, value string, path *field.Path) (errs field.ErrorList) {
	if gv.Group != "" {
		for _, complaint := range apivalidation.NameIsDNSSubdomain(gv.Group, false) {
			errs = append(errs, field.Invalid(path, gv.Group, complaint))
		}
	}
	if gv.Version == "" {
		return append(errs, field.Invalid(path, value, "version must be specified"))
	}
	for _, complaint := range utilvalidation.IsDNS1035Label(gv.Version) {
		errs = append(errs, field.Invalid(path, gv.Version, complaint))
	}
	return errs
}
