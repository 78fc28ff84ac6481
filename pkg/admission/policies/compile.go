package policies

import (
	"sync"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	"k8s.io/apiserver/pkg/cel/environment"
)

// celEnvironment has the functions and types of expressions. It is the same for all
// servers of a process.
var celEnvironment = sync.OnceValue(func() *environment.EnvSet {
	return environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion())
})

// compiler compiles the expressions of one policy. They can use the variables of the
// policy.
type compiler struct {
	*cel.CompositedCompiler
	declared cel.OptionalVariableDeclarations
}

// newCompiler returns the compiler for a policy with these parameters and variables.
// A mistake in a variable is reported when an expression that uses it is evaluated.
func newCompiler(params *admissionregistrationv1.ParamKind, variables []admissionregistrationv1.Variable) (compiler, error) {
	composited, err := cel.NewCompositedCompiler(celEnvironment())
	if err != nil {
		return compiler{}, err
	}
	c := compiler{composited, cel.OptionalVariableDeclarations{HasParams: params != nil, HasAuthorizer: true}}
	var named []cel.NamedExpressionAccessor
	for _, v := range variables {
		named = append(named, &validating.Variable{Name: v.Name, Expression: v.Expression})
	}
	c.CompileAndStoreVariables(named, c.declared, environment.StoredExpressions)
	return c, nil
}

// conditions compiles a list of expressions. An element of the list can be nil.
func (c compiler) conditions(list []cel.ExpressionAccessor, declared cel.OptionalVariableDeclarations) cel.ConditionEvaluator {
	return c.CompileCondition(list, declared, environment.StoredExpressions)
}

// matcher compiles the match conditions. It returns nil if there are none, which
// matches everything. The labels of its metrics are those of kube-apiserver, which
// says "validate" for both kinds of policies.
func (c compiler) matcher(name string, list []admissionregistrationv1.MatchCondition, failure *admissionregistrationv1.FailurePolicyType) matchconditions.Matcher {
	if len(list) == 0 {
		return nil
	}
	var expressions []cel.ExpressionAccessor
	for _, condition := range list {
		expressions = append(expressions, (*matchconditions.MatchCondition)(&condition))
	}
	return matchconditions.NewMatcher(c.conditions(expressions, c.declared), failure, "policy", "validate", name)
}
