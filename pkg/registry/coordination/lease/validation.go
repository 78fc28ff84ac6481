package lease

import (
	"context"
	"strings"

	coordinationv1 "k8s.io/api/coordination/v1"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
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
	return append(errs, validateStrategy(strategy)...)
}

// validateStrategy checks that the strategy is the built-in one, or a name with
// a domain prefix.
func validateStrategy(strategy coordinationv1.CoordinatedLeaseStrategy) field.ErrorList {
	path := specPath.Child("strategy")
	switch {
	case strategy == "", strategy == coordinationv1.OldestEmulationVersion:
		return nil
	case !strings.Contains(string(strategy), "/"):
		return field.ErrorList{field.NotSupported(path, strategy, []coordinationv1.CoordinatedLeaseStrategy{coordinationv1.OldestEmulationVersion})}
	}
	var errs field.ErrorList
	for _, message := range utilvalidation.IsQualifiedName(string(strategy)) {
		errs = append(errs, field.Invalid(path, strategy, message))
	}
	return errs
}
