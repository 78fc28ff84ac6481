package validation

import (
	"strings"
	"sync"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
	plugincel "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/environment"
)

var (
	// base is what all expressions have in common.
	base = sync.OnceValue(func() *environment.EnvSet {
		return environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion())
	})
	// plain is made when the first expression comes, because its environments take
	// milliseconds.
	plain = sync.OnceValue(func() plugincel.Compiler { return plugincel.NewCompiler(base()) })
)

// Expressions compiles the CEL expressions of a policy or of a webhook
// configuration as they will be compiled when they are evaluated.
type Expressions struct {
	// Params declares the variable params: the policy has a paramKind.
	Params bool
	// Stored are the expressions that the object has already, without the space
	// around them. They may use what this version does not yet, or no longer, offer to
	// new ones (KEP-4330).
	Stored sets.Set[string]

	// composed has the variables of the policy. It is nil for expressions that have
	// none: there is not even an empty variable "variables".
	composed *plugincel.CompositedCompiler
}

// StoredExpressions returns the value of Expressions.Stored.
func StoredExpressions(expressions ...string) sets.Set[string] {
	stored := sets.Set[string]{}
	for _, e := range expressions {
		stored.Insert(strings.TrimSpace(e))
	}
	return stored
}

// Declare compiles the variables of a policy. Each can use those before it, and all
// expressions that are compiled afterwards can use all of them.
func (e *Expressions) Declare(variables []admissionregistrationv1.Variable, path *field.Path) field.ErrorList {
	composed, err := plugincel.NewCompositedCompiler(base())
	if err != nil {
		return field.ErrorList{field.InternalError(path, err)}
	}
	e.composed = composed
	var errs field.ErrorList
	for i, v := range variables {
		errs = append(errs, e.declare(&validating.Variable{Name: v.Name, Expression: v.Expression}, path.Index(i))...)
	}
	return errs
}

func (e *Expressions) declare(v *validating.Variable, path *field.Path) (errs field.ErrorList) {
	switch {
	case strings.TrimSpace(v.Name) == "":
		errs = append(errs, field.Required(path.Child("name"), "name is not specified"))
	case !isIdentifier(v.Name):
		errs = append(errs, field.Invalid(path.Child("name"), v.Name, "must be a valid CEL identifier"))
	}
	if strings.TrimSpace(v.Expression) == "" {
		return append(errs, field.Required(path.Child("expression"), "expression is not specified"))
	}
	compiled := e.composed.CompileAndStoreVariable(v, plugincel.OptionalVariableDeclarations{HasParams: e.Params, HasAuthorizer: true}, e.mode(v))
	return append(errs, compilation(compiled.Error, v.Expression, path.Child("expression"))...)
}

// Check compiles an expression with the variables of the policy. An error has the
// value of the field, which may differ from the expression in the space around it.
// Declared says which variables and types the expression can use, beside params.
func (e *Expressions) Check(expression plugincel.ExpressionAccessor, declared plugincel.OptionalVariableDeclarations, value string,
	path *field.Path) field.ErrorList {
	if e.composed != nil {
		return e.check(e.composed, expression, declared, value, path)
	}
	return e.check(plain(), expression, declared, value, path)
}

func (e *Expressions) check(compiler plugincel.Compiler, expression plugincel.ExpressionAccessor, declared plugincel.OptionalVariableDeclarations,
	value string, path *field.Path) field.ErrorList {
	declared.HasParams = e.Params
	return compilation(compiler.CompileCELExpression(expression, declared, e.mode(expression)).Error, value, path)
}

func (e *Expressions) mode(expression plugincel.ExpressionAccessor) environment.Type {
	if e.Stored.Has(strings.TrimSpace(expression.GetExpression())) {
		return environment.StoredExpressions
	}
	return environment.NewExpressions
}

// compilation turns the error of the compiler into one of the field.
func compilation(err *apiservercel.Error, value string, path *field.Path) field.ErrorList {
	switch {
	case err == nil:
		return nil
	case err.Type == apiservercel.ErrorTypeRequired:
		return field.ErrorList{field.Required(path, err.Detail)}
	case err.Type == apiservercel.ErrorTypeInternal:
		return field.ErrorList{field.InternalError(path, err)}
	}
	return field.ErrorList{field.Invalid(path, value, err.Detail)}
}

// isIdentifier reports whether an expression can use a name as a field: it is an
// identifier and not a word that CEL reserves.
func isIdentifier(name string) bool {
	for i, c := range []byte(name) {
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	escaped, ok := apiservercel.Escape(name)
	reserved := escaped == "__"+name+"__"
	return ok && !reserved
}
