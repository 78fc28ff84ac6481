package v1

import (
	"context"

	"k8s.io/apimachinery/pkg/api/operation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// ValidateCustom_Condition_LastTransitionTime calls the check in the validation
// package of apimachinery. The generated code expects it in this package.
func ValidateCustom_Condition_LastTransitionTime(ctx context.Context, op operation.Operation, p *field.Path, value, old *metav1.Time) field.ErrorList {
	return metav1validation.ValidateCustom_Condition_LastTransitionTime(ctx, op, p, value, old)
}
