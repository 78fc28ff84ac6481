package lease

import (
	"context"

	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/coordination/validation"
)

var specPath = field.NewPath("spec")

func validate(_ context.Context, lease *coordinationv1.Lease) field.ErrorList {
	spec, errs := &lease.Spec, field.ErrorList(nil)
	if d := spec.LeaseDurationSeconds; d != nil && *d <= 0 {
		errs = append(errs, field.Invalid(specPath.Child("leaseDurationSeconds"), *d, "must be greater than 0"))
	}
	if n := spec.LeaseTransitions; n != nil && *n < 0 {
		errs = append(errs, field.Invalid(specPath.Child("leaseTransitions"), *n, "must be greater than or equal to 0"))
	}
	strategy := ptr.Deref(spec.Strategy, "")
	if strategy == "" && ptr.Deref(spec.PreferredHolder, "") != "" {
		errs = append(errs, field.Forbidden(specPath.Child("preferredHolder"), "may only be specified when `strategy` is defined"))
	}
	return append(errs, validation.ValidateStrategy(strategy, specPath.Child("strategy"))...)
}
