package validation

import (
	"strings"
	"sync"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	plugincel "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/environment"
)

// maxConditions is the number of match conditions that a webhook or a policy may
// have (KEP-3716).
const maxConditions = 64

// compiler is made when the first expression comes, because its environments take
// milliseconds.
var compiler = sync.OnceValue(func() plugincel.Compiler {
	return plugincel.NewCompiler(environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()))
})

// ValidateMatchConditions checks match conditions and compiles their expressions.
// Expressions that are stored already may use what this version no longer, or not
// yet, offers to new ones (KEP-4330).
func ValidateMatchConditions(conditions []admissionregistrationv1.MatchCondition, stored sets.Set[string], params bool,
	path *field.Path) (errs field.ErrorList) {
	if len(conditions) > maxConditions {
		errs = append(errs, field.TooMany(path, len(conditions), maxConditions))
	}
	names := sets.Set[string]{}
	for i := range conditions {
		condition, at := &conditions[i], path.Index(i)
		errs = append(errs, validateCondition(condition, stored, params, at)...)
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

func validateCondition(c *admissionregistrationv1.MatchCondition, stored sets.Set[string], params bool, path *field.Path) (errs field.ErrorList) {
	if strings.TrimSpace(c.Expression) == "" {
		errs = append(errs, field.Required(path.Child("expression"), ""))
	} else {
		kind := environment.NewExpressions
		if stored.Has(c.Expression) {
			kind = environment.StoredExpressions
		}
		compiled := compiler().CompileCELExpression((*matchconditions.MatchCondition)(c),
			plugincel.OptionalVariableDeclarations{HasParams: params, HasAuthorizer: true}, kind)
		errs = append(errs, compilation(compiled.Error, c.Expression, path.Child("expression"))...)
	}
	if c.Name == "" {
		return append(errs, field.Required(path.Child("name"), ""))
	}
	for _, complaint := range utilvalidation.IsQualifiedName(c.Name) {
		errs = append(errs, field.Invalid(path.Child("name"), c.Name, complaint))
	}
	return errs
}

// compilation turns the error of the compiler into one of the field.
func compilation(err *apiservercel.Error, expression string, path *field.Path) field.ErrorList {
	switch {
	case err == nil:
		return nil
	case err.Type == apiservercel.ErrorTypeRequired:
		return field.ErrorList{field.Required(path, err.Detail)}
	case err.Type == apiservercel.ErrorTypeInternal:
		return field.ErrorList{field.InternalError(path, err)}
	}
	return field.ErrorList{field.Invalid(path, expression, err.Detail)}
}
