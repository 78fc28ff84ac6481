package horizontalpodautoscaler

import (
	"fmt"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
)

const (
	// maxStabilizationWindow is the maximum stabilization window in seconds.
	maxStabilizationWindow = 3600
	// maxPolicyPeriod is the maximum period of a policy in seconds.
	maxPolicyPeriod = 1800
)

func validateBehavior(behavior *autoscalingv2.HorizontalPodAutoscalerBehavior, path *field.Path) field.ErrorList {
	if behavior == nil {
		return nil
	}
	errs := validateRules(behavior.ScaleUp, path.Child("scaleUp"))
	return append(errs, validateRules(behavior.ScaleDown, path.Child("scaleDown"))...)
}

func validateRules(rules *autoscalingv2.HPAScalingRules, path *field.Path) field.ErrorList {
	if rules == nil {
		return nil
	}
	errs := validateWindow(rules.StabilizationWindowSeconds, path.Child("stabilizationWindowSeconds"))
	errs = append(errs, validateSelectPolicy(rules.SelectPolicy, path.Child("selectPolicy"))...)
	policies := path.Child("policies")
	if len(rules.Policies) == 0 {
		errs = append(errs, field.Required(policies, "must specify at least one Policy"))
	}
	for i := range rules.Policies {
		errs = append(errs, validatePolicy(&rules.Policies[i], policies.Index(i))...)
	}
	if rules.Tolerance != nil {
		errs = append(errs, validation.ValidateNonnegativeQuantity(*rules.Tolerance, path.Child("tolerance"))...)
	}
	return errs
}

func validateWindow(seconds *int32, path *field.Path) field.ErrorList {
	switch window := ptr.Deref(seconds, 0); {
	case window < 0:
		return field.ErrorList{field.Invalid(path, window, "must be greater than or equal to zero")}
	case window > maxStabilizationWindow:
		return field.ErrorList{field.Invalid(path, window, fmt.Sprintf("must be less than or equal to %d", maxStabilizationWindow))}
	}
	return nil
}

func validateSelectPolicy(policy *autoscalingv2.ScalingPolicySelect, path *field.Path) field.ErrorList {
	if policy == nil {
		return nil
	}
	switch *policy {
	case autoscalingv2.DisabledPolicySelect, autoscalingv2.MaxChangePolicySelect, autoscalingv2.MinChangePolicySelect:
		return nil
	}
	return field.ErrorList{field.NotSupported(path, *policy, []autoscalingv2.ScalingPolicySelect{
		autoscalingv2.DisabledPolicySelect, autoscalingv2.MaxChangePolicySelect, autoscalingv2.MinChangePolicySelect})}
}

func validatePolicy(policy *autoscalingv2.HPAScalingPolicy, path *field.Path) field.ErrorList {
	const notPositive = "must be greater than zero"
	var errs field.ErrorList
	if policy.Type != autoscalingv2.PodsScalingPolicy && policy.Type != autoscalingv2.PercentScalingPolicy {
		errs = append(errs, field.NotSupported(path.Child("type"), policy.Type, []autoscalingv2.HPAScalingPolicyType{
			autoscalingv2.PercentScalingPolicy, autoscalingv2.PodsScalingPolicy}))
	}
	if policy.Value <= 0 {
		errs = append(errs, field.Invalid(path.Child("value"), policy.Value, notPositive))
	}
	switch period := path.Child("periodSeconds"); {
	case policy.PeriodSeconds <= 0:
		errs = append(errs, field.Invalid(period, policy.PeriodSeconds, notPositive))
	case policy.PeriodSeconds > maxPolicyPeriod:
		errs = append(errs, field.Invalid(period, policy.PeriodSeconds, fmt.Sprintf("must be less than or equal to %d", maxPolicyPeriod)))
	}
	return errs
}
