package podgroup

import (
	"context"
	"slices"

	schedulingv1beta1 "k8s.io/api/scheduling/v1beta1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

var (
	specPath   = field.NewPath("spec")
	statusPath = field.NewPath("status")
)

// validate checks what stands behind +k8s:alpha in the tags. Neither field can
// change.
func validate(_ context.Context, g object) field.ErrorList {
	if g.Spec.ParentCompositePodGroupName != nil && g.Spec.WorkloadRef == nil {
		return field.ErrorList{field.Required(specPath.Child("workloadRef"), "must be set when parentCompositePodGroupName is set")}
	}
	return nil
}

// validateStatus checks the conditions, and that claims have been made only for
// what the spec names.
func validateStatus(_ context.Context, g, _ object) field.ErrorList {
	errs := metav1validation.ValidateConditions(g.Status.Conditions, statusPath.Child("conditions"))
	for i, status := range g.Status.ResourceClaimStatuses {
		named := func(c schedulingv1beta1.PodGroupResourceClaim) bool { return c.Name == status.Name }
		if !slices.ContainsFunc(g.Spec.ResourceClaims, named) {
			errs = append(errs, field.Invalid(statusPath.Child("resourceClaimStatuses").Index(i).Child("name"), status.Name,
				"must match the name of an entry in `spec.resourceClaims`"))
		}
	}
	return errs
}
