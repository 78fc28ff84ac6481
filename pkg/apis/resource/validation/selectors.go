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
	environ := environment.NewExpressions
	if stored {
		environ = environment.StoredExpressions
	} else if len(expression) > resourcev1.CELSelectorExpressionMaxLength {
		return field.ErrorList{field.TooLong(p, "", resourcev1.CELSelectorExpressionMaxLength)}
	}
	compiler := dracel.GetCompiler(dracel.Features{
		EnableConsumableCapacity: features.Enabled(features.DRAConsumableCapacity),
		EnableListTypeAttributes: features.Enabled(features.DRAListTypeAttributes),
	})
	compiled := compiler.CompileCELExpression(expression, dracel.Options{EnvType: &environ, DisableCostEstimation: stored})
	switch {
	case compiled.Error != nil:
		return field.ErrorList{field.Invalid(p, expression, compiled.Error.Detail)}
	case !stored && compiled.MaxCost > resourcev1.CELSelectorExpressionMaxCost:
		return field.ErrorList{field.Forbidden(p, "too complex, exceeds cost limit")}
	}
	return nil
}
