package validatingadmissionpolicy

import (
	"context"
	"fmt"
	"strings"

	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/client-go/util/jsonpath"
)

// validateStatusUpdate checks the status, which a controller writes: the result of
// type checking and conditions.
func validateStatusUpdate(_ context.Context, p, _ object) (errs field.ErrorList) {
	path := field.NewPath("status")
	if checking := p.Status.TypeChecking; checking != nil {
		for i, w := range checking.ExpressionWarnings {
			warning := path.Child("typeChecking", "expressionWarnings").Index(i)
			if w.Warning == "" {
				errs = append(errs, field.Required(warning.Child("warning"), ""))
			}
			errs = append(errs, validateFieldRef(w.FieldRef, warning.Child("fieldRef"))...)
		}
	}
	return append(errs, metav1validation.ValidateConditions(p.Status.Conditions, path.Child("conditions"))...)
}

// validateFieldRef checks the path of the field that a warning is about.
func validateFieldRef(ref string, path *field.Path) field.ErrorList {
	if strings.TrimSpace(ref) == "" {
		return field.ErrorList{field.Required(path, "")}
	}
	if err := jsonpath.New("fieldRef").Parse("{" + ref + "}"); err != nil {
		return field.ErrorList{field.Invalid(path, ref, fmt.Sprintf("invalid JSONPath: %v", err))}
	}
	return nil
}
