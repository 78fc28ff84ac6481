package poddisruptionbudget

import (
	"context"

	policyv1 "k8s.io/api/policy/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/apps/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
)

var specPath, statusPath = field.NewPath("spec"), field.NewPath("status")

func validate(_ context.Context, b object) (errs field.ErrorList) {
	spec := &b.Spec
	if spec.MinAvailable != nil && spec.MaxUnavailable != nil {
		errs = append(errs, field.Invalid(specPath, goform.Of(*spec), "minAvailable and maxUnavailable cannot be both set"))
	}
	errs = append(errs, validateNumber(spec.MinAvailable, specPath.Child("minAvailable"))...)
	errs = append(errs, validateNumber(spec.MaxUnavailable, specPath.Child("maxUnavailable"))...)
	errs = append(errs, metav1validation.ValidateLabelSelector(spec.Selector, metav1validation.LabelSelectorValidationOptions{}, specPath.Child("selector"))...)
	if policy := spec.UnhealthyPodEvictionPolicy; policy != nil && *policy != policyv1.AlwaysAllow && *policy != policyv1.IfHealthyBudget {
		errs = append(errs, field.NotSupported(specPath.Child("unhealthyPodEvictionPolicy"), *policy,
			[]policyv1.UnhealthyPodEvictionPolicyType{policyv1.AlwaysAllow, policyv1.IfHealthyBudget}))
	}
	return errs
}

func validateNumber(n *intstr.IntOrString, path *field.Path) field.ErrorList {
	if n == nil {
		return nil
	}
	return append(validation.ValidateIntOrPercent(*n, path), validation.ValidateAtMost100Percent(*n, path)...)
}

func validateStatusUpdate(_ context.Context, b, _ object) field.ErrorList {
	status := &b.Status
	errs := metav1validation.ValidateConditions(status.Conditions, statusPath.Child("conditions"))
	for _, n := range []struct {
		value int32
		name  string
	}{
		{status.DisruptionsAllowed, "disruptionsAllowed"},
		{status.CurrentHealthy, "currentHealthy"},
		{status.DesiredHealthy, "desiredHealthy"},
		{status.ExpectedPods, "expectedPods"},
	} {
		errs = append(errs, apivalidation.ValidateNonnegativeField(int64(n.value), statusPath.Child(n.name))...)
	}
	return errs
}
