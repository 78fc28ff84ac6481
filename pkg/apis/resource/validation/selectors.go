package validation

import (
	resourcev1 "k8s.io/api/resource/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/cel/environment"
	dracel "k8s.io/dynamic-resource-allocation/cel"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

// ValidateSelectors compiles the CEL expressions that select devices, and
// estimates their cost. An expression that one of the stored selectors has already
// may use all that any version of the server has known, and may cost anything:
// neither a downgrade nor a new limit makes stored objects invalid.
func ValidateSelectors(selectors, stored []resourcev1.DeviceSelector, p *field.Path) field.ErrorList {
	known := sets.Set[string]{}
	for _, s := range stored {
		if s.CEL != nil {
			known.Insert(s.CEL.Expression)
		}
	}
	return ValidateList(selectors, resourcev1.DeviceSelectorsMaxSize, p, func(s *resourcev1.DeviceSelector, p *field.Path) field.ErrorList {
		p = p.Child("cel")
		if s.CEL == nil {
			return field.ErrorList{field.Required(p, "")}
		}
		return validateExpression(s.CEL.Expression, known.Has(s.CEL.Expression), p.Child("expression"))
	})
}

func validateExpression(expression string, stored bool, p *field.Path) field.ErrorList {
	compiled, errs := compile(expression, stored, dracel.Options{DisableCostEstimation: stored}, p)
	if len(errs) == 0 && !stored && compiled.MaxCost > resourcev1.CELSelectorExpressionMaxCost {
		errs = append(errs, field.Forbidden(p, "too complex, exceeds cost limit"))
	}
	return errs
}

// compile compiles an expression. One that is not stored yet has a limited length.
func compile(expression string, stored bool, options dracel.Options, p *field.Path) (dracel.CompilationResult, field.ErrorList) {
	environ := environment.NewExpressions
	if stored {
		environ = environment.StoredExpressions
	} else if len(expression) > resourcev1.CELSelectorExpressionMaxLength {
		return dracel.CompilationResult{}, field.ErrorList{field.TooLong(p, "", resourcev1.CELSelectorExpressionMaxLength)}
	}
	options.EnvType = &environ
	compiler := dracel.GetCompiler(dracel.Features{
		EnableConsumableCapacity: features.Enabled(features.DRAConsumableCapacity),
		EnableListTypeAttributes: features.Enabled(features.DRAListTypeAttributes),
	})
	compiled := compiler.CompileCELExpression(expression, options)
	if compiled.Error != nil {
		return compiled, field.ErrorList{field.Invalid(p, expression, compiled.Error.Detail)}
	}
	return compiled, nil
}
