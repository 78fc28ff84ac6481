package namespace

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
)

var finalizersPath = field.NewPath("spec", "finalizers")

func validate(_ context.Context, ns *corev1.Namespace) (errs field.ErrorList) {
	for _, f := range ns.Spec.Finalizers {
		errs = append(errs, metavalidation.ValidateFinalizerName(string(f), finalizersPath)...)
	}
	return errs
}

func validateStatusUpdate(_ context.Context, ns, _ *corev1.Namespace) (errs field.ErrorList) {
	phase := field.NewPath("status", "Phase")
	switch {
	case ns.DeletionTimestamp.IsZero() && ns.Status.Phase != corev1.NamespaceActive:
		errs = append(errs, field.Invalid(phase, ns.Status.Phase, "may only be 'Active' if `deletionTimestamp` is empty"))
	case !ns.DeletionTimestamp.IsZero() && ns.Status.Phase != corev1.NamespaceTerminating:
		errs = append(errs, field.Invalid(phase, ns.Status.Phase, "may only be 'Terminating' if `deletionTimestamp` is not empty"))
	}
	return errs
}

// validateFinalize checks an update through the finalize subresource.
func validateFinalize(_ context.Context, ns, _ *corev1.Namespace) (errs field.ErrorList) {
	for i, f := range ns.Spec.Finalizers {
		errs = append(errs, metavalidation.ValidateFinalizerName(string(f), finalizersPath.Index(i))...)
	}
	return errs
}
