package mutatingadmissionpolicy

import (
	"slices"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	plugincel "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/mutating/patch"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/admissionregistration/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/admissionregistration/policies"
)

// common returns what a policy has in common with validating ones.
func common(p object) *validation.Policy {
	s := &p.Spec
	return &validation.Policy{FailurePolicy: s.FailurePolicy, ParamKind: s.ParamKind, MatchConstraints: s.MatchConstraints,
		MatchConditions: s.MatchConditions, Variables: s.Variables, Mutates: true}
}

// expressions returns the expressions that are not in the common part.
func expressions(p object) (all []string) {
	for _, m := range p.Spec.Mutations {
		if m.ApplyConfiguration != nil {
			all = append(all, m.ApplyConfiguration.Expression)
		}
		if m.JSONPatch != nil {
			all = append(all, m.JSONPatch.Expression)
		}
	}
	return all
}

// validate checks what is not in the common part.
func validate(p object, e *validation.Expressions) (errs field.ErrorList) {
	mutations := policies.Spec.Child("mutations")
	if len(p.Spec.Mutations) == 0 {
		errs = append(errs, field.Required(mutations, "mutations must contain at least one item"))
	}
	for i := range p.Spec.Mutations {
		errs = append(errs, validateMutation(&p.Spec.Mutations[i], e, mutations.Index(i))...)
	}
	return append(errs, validateReinvocation(p.Spec.ReinvocationPolicy, policies.Spec.Child("reinvocationPolicy"))...)
}

func validateReinvocation(policy admissionregistrationv1.ReinvocationPolicyType, path *field.Path) field.ErrorList {
	supported := []admissionregistrationv1.ReinvocationPolicyType{
		admissionregistrationv1.IfNeededReinvocationPolicy, admissionregistrationv1.NeverReinvocationPolicy,
	}
	switch {
	case policy == "":
		return field.ErrorList{field.Required(path, "")}
	case !slices.Contains(supported, policy):
		return field.ErrorList{field.NotSupported(path, policy, supported)}
	}
	return nil
}

// validateMutation checks that a mutation has the patch of its type, and no other.
func validateMutation(m *admissionregistrationv1.Mutation, e *validation.Expressions, path *field.Path) (errs field.ErrorList) {
	apply, json := path.Child("applyConfiguration"), path.Child("jsonPatch")
	switch m.PatchType {
	case "":
		errs = append(errs, field.Required(path.Child("patchType"), ""))
	case admissionregistrationv1.PatchTypeApplyConfiguration:
		if m.ApplyConfiguration == nil {
			errs = append(errs, field.Required(apply, "must be specified when patchType is ApplyConfiguration"))
		} else {
			expression := strings.TrimSpace(m.ApplyConfiguration.Expression)
			errs = append(errs, validatePatch(&patch.ApplyConfigurationCondition{Expression: expression}, e, apply.Child("expression"))...)
		}
		if m.JSONPatch != nil {
			errs = append(errs, field.Invalid(json, "{jsonPatch}", "must not be specified when patchType is ApplyConfiguration"))
		}
	case admissionregistrationv1.PatchTypeJSONPatch:
		if m.JSONPatch == nil {
			errs = append(errs, field.Required(json, "must be specified when patchType is JSONPatch"))
		} else {
			expression := strings.TrimSpace(m.JSONPatch.Expression)
			errs = append(errs, validatePatch(&patch.JSONPatchCondition{Expression: expression}, e, json.Child("expression"))...)
		}
		if m.ApplyConfiguration != nil {
			errs = append(errs, field.Invalid(apply, "{applyConfiguration}", "must not be specified when patchType is JSONPatch"))
		}
	default:
		errs = append(errs, field.NotSupported(path.Child("patchType"), m.PatchType, []admissionregistrationv1.PatchType{
			admissionregistrationv1.PatchTypeApplyConfiguration, admissionregistrationv1.PatchTypeJSONPatch,
		}))
	}
	return errs
}

// validatePatch compiles the expression of a patch.
func validatePatch(expression plugincel.ExpressionAccessor, e *validation.Expressions, path *field.Path) field.ErrorList {
	if expression.GetExpression() == "" {
		return field.ErrorList{field.Required(path, "")}
	}
	return e.Check(expression, plugincel.OptionalVariableDeclarations{HasAuthorizer: true, HasPatchTypes: true}, expression.GetExpression(), path)
}
