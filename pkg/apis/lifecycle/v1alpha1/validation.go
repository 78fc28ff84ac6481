package v1alpha1

import (
	"context"

	"k8s.io/apimachinery/pkg/api/operation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	apiscorev1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/core/v1"
)

// ValidateCustom_EvictionRequestSpec_Requester refuses the domains that are
// reserved for Kubernetes, like those of responders in pods. The generated
// validation checks the syntax.
func ValidateCustom_EvictionRequestSpec_Requester(ctx context.Context, op operation.Operation, p *field.Path, value, old *string) field.ErrorList {
	return apiscorev1.ValidateCustom_EvictionResponder_Name(ctx, op, p, value, old)
}
