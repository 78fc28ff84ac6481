package validatingadmissionpolicy

import (
	"fmt"
	"slices"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	plugincel "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/admissionregistration/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/policies"
)

const (
	// maxAnnotations is the number of audit annotations that a policy may have.
	maxAnnotations = 20
	// maxAnnotationExpression is the length in bytes of an expression of one.
	maxAnnotationExpression = 5 * 1024
)

// common returns what a policy has in common with mutating ones.
func common(p object) *validation.Policy {
	s := &p.Spec
	return &validation.Policy{FailurePolicy: s.FailurePolicy, ParamKind: s.ParamKind, MatchConstraints: s.MatchConstraints,
		MatchConditions: s.MatchConditions, Variables: s.Variables}
}

// expressions returns the expressions that are not in the common part.
func expressions(p object) (all []string) {
	for _, v := range p.Spec.Validations {
		all = append(all, v.Expression, v.MessageExpression)
	}
	for _, a := range p.Spec.AuditAnnotations {
		all = append(all, a.ValueExpression)
	}
	return all
}

// validate checks what is not in the common part.
func validate(p object, e *validation.Expressions) (errs field.ErrorList) {
	validations, annotations := policies.Spec.Child("validations"), policies.Spec.Child("auditAnnotations")
	if len(p.Spec.Validations) == 0 && len(p.Spec.AuditAnnotations) == 0 {
		const message = "validations or auditAnnotations must contain at least one item"
		return append(errs, field.Required(validations, message), field.Required(annotations, message))
	}
	for i := range p.Spec.Validations {
		errs = append(errs, validateValidation(&p.Spec.Validations[i], e, validations.Index(i))...)
	}
	return append(errs, validateAnnotations(p, e, annotations)...)
}

func validateValidation(v *admissionregistrationv1.Validation, e *validation.Expressions, path *field.Path) (errs field.ErrorList) {
	if strings.TrimSpace(v.Expression) == "" {
		errs = append(errs, field.Required(path.Child("expression"), "expression is not specified"))
	} else {
		errs = append(errs, e.Check(&validating.ValidationCondition{Expression: v.Expression},
			plugincel.OptionalVariableDeclarations{HasAuthorizer: true}, v.Expression, path.Child("expression"))...)
	}
	const empty = "must be non-empty if specified"
	if m := v.MessageExpression; m != "" && strings.TrimSpace(m) == "" {
		errs = append(errs, field.Invalid(path.Child("messageExpression"), m, empty))
	} else if m != "" {
		errs = append(errs, e.Check(&validating.MessageExpressionCondition{MessageExpression: m},
			plugincel.OptionalVariableDeclarations{}, m, path.Child("messageExpression"))...)
	}
	if m := strings.TrimSpace(v.Message); v.Message != "" && m == "" {
		errs = append(errs, field.Invalid(path.Child("message"), v.Message, empty))
	} else if strings.ContainsAny(m, "\n\r") {
		errs = append(errs, field.Invalid(path.Child("message"), v.Message, "must not contain line breaks"))
	}
	supported := []metav1.StatusReason{metav1.StatusReasonForbidden, metav1.StatusReasonInvalid, metav1.StatusReasonRequestEntityTooLarge}
	if v.Reason != nil && !slices.Contains(supported, *v.Reason) {
		errs = append(errs, field.NotSupported(path.Child("reason"), *v.Reason, supported))
	}
	return errs
}

func validateAnnotations(p object, e *validation.Expressions, path *field.Path) (errs field.ErrorList) {
	annotations := p.Spec.AuditAnnotations
	if len(annotations) > maxAnnotations {
		errs = append(errs, field.Invalid(path, goform.Of(annotations), fmt.Sprintf("must not have more than %d auditAnnotations", maxAnnotations)))
	}
	keys := sets.Set[string]{}
	for i := range annotations {
		key := annotations[i].Key
		errs = append(errs, validateKey(p.Name, key, path.Index(i).Child("key"))...)
		errs = append(errs, validateValue(annotations[i].ValueExpression, e, path.Index(i).Child("valueExpression"))...)
		if keys.Has(key) {
			errs = append(errs, field.Duplicate(path.Index(i).Child("key"), key))
		}
		keys.Insert(key)
	}
	return errs
}

// validateKey checks the key of an audit annotation. In the audit event, the name
// of the policy stands before it.
func validateKey(policy, key string, path *field.Path) (errs field.ErrorList) {
	if policy == "" {
		return field.ErrorList{field.Invalid(path, key, "requires metadata.name be non-empty")}
	}
	qualified := policy + "/" + key
	for _, complaint := range utilvalidation.IsQualifiedName(qualified) {
		errs = append(errs, field.Invalid(path, qualified, complaint))
	}
	return errs
}

func validateValue(value string, e *validation.Expressions, path *field.Path) field.ErrorList {
	expression := strings.TrimSpace(value)
	switch {
	case expression == "":
		return field.ErrorList{field.Required(path, "valueExpression is not specified")}
	case len(expression) > maxAnnotationExpression:
		return field.ErrorList{field.Required(path, fmt.Sprintf("must not exceed %d bytes in length", maxAnnotationExpression))}
	}
	return e.Check(&validating.AuditAnnotationCondition{ValueExpression: expression}, plugincel.OptionalVariableDeclarations{HasAuthorizer: true}, value, path)
}
