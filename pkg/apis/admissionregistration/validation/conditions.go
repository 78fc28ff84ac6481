package validation

import (
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	plugincel "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
)

// maxConditions is the number of match conditions that a webhook or a policy may
// have (KEP-3716).
const maxConditions = 64

// ValidateMatchConditions checks match conditions and compiles their expressions.
// They cannot use the variables of a policy, which are evaluated after them.
func ValidateMatchConditions(conditions []admissionregistrationv1.MatchCondition, e *Expressions, path *field.Path) (errs field.ErrorList) {
	if len(conditions) > maxConditions {
		errs = append(errs, field.TooMany(path, len(conditions), maxConditions))
	}
	names := sets.Set[string]{}
	for i := range conditions {
		condition, at := &conditions[i], path.Index(i)
		errs = append(errs, validateCondition(condition, e, at)...)
		if condition.Name == "" {
			continue
		}
		if names.Has(condition.Name) {
			errs = append(errs, field.Duplicate(at.Child("name"), condition.Name))
		}
		names.Insert(condition.Name)
	}
	return errs
}

func validateCondition(c *admissionregistrationv1.MatchCondition, e *Expressions, path *field.Path) (errs field.ErrorList) {
	if expression := strings.TrimSpace(c.Expression); expression == "" {
		errs = append(errs, field.Required(path.Child("expression"), ""))
	} else {
		condition := &matchconditions.MatchCondition{Expression: expression}
		errs = append(errs, e.check(plain(), condition, plugincel.OptionalVariableDeclarations{HasAuthorizer: true}, expression, path.Child("expression"))...)
	}
	if c.Name == "" {
		return append(errs, field.Required(path.Child("name"), ""))
	}
	for _, complaint := range utilvalidation.IsQualifiedName(c.Name) {
		errs = append(errs, field.Invalid(path.Child("name"), c.Name, complaint))
	}
	return errs
}
