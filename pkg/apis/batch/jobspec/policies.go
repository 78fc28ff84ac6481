package jobspec

import (
	"fmt"
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
)

const (
	maxRules         = 20
	maxExitCodes     = 255
	maxPatterns      = 20
	maxIndexesLength = 64 * 1024
)

// tooMany checks the length of a list.
func tooMany(length, limit int, p *field.Path) field.ErrorList {
	if length > limit {
		return field.ErrorList{field.TooMany(p, length, limit)}
	}
	return nil
}

// requireOneOf is like metavalidation.ValidateOneOf. The error about an empty
// value lists the supported ones.
func requireOneOf[T ~string](value T, p *field.Path, supported ...T) field.ErrorList {
	if value == "" {
		return field.ErrorList{field.Required(p, fmt.Sprintf("valid values: %q", supported))}
	}
	return metavalidation.ValidateOneOf(value, p, supported...)
}

func validatePodFailurePolicy(spec *batchv1.JobSpec, p *field.Path) field.ErrorList {
	if spec.PodFailurePolicy == nil {
		return nil
	}
	rules := spec.PodFailurePolicy.Rules
	errs := tooMany(len(rules), maxRules, p.Child("rules"))
	for i := range rules {
		errs = append(errs, validateFailureRule(&rules[i], spec, p.Child("rules").Index(i))...)
	}
	return errs
}

func validateFailureRule(rule *batchv1.PodFailurePolicyRule, spec *batchv1.JobSpec, p *field.Path) field.ErrorList {
	errs := requireOneOf(rule.Action, p.Child("action"), batchv1.PodFailurePolicyActionCount, batchv1.PodFailurePolicyActionFailIndex,
		batchv1.PodFailurePolicyActionFailJob, batchv1.PodFailurePolicyActionIgnore)
	if rule.Action == batchv1.PodFailurePolicyActionFailIndex && spec.BackoffLimitPerIndex == nil {
		errs = append(errs, field.Invalid(p.Child("action"), rule.Action, "requires the backoffLimitPerIndex to be set"))
	}
	if rule.OnExitCodes != nil {
		errs = append(errs, validateExitCodes(rule.OnExitCodes, &spec.Template.Spec, p.Child("onExitCodes"))...)
	}
	errs = append(errs, validatePatterns(rule.OnPodConditions, p.Child("onPodConditions"))...)
	switch codes, conditions := rule.OnExitCodes != nil, len(rule.OnPodConditions) > 0; {
	case codes && conditions:
		errs = append(errs, field.Invalid(p, field.OmitValueType{}, "specifying both OnExitCodes and OnPodConditions is not supported"))
	case !codes && !conditions:
		errs = append(errs, field.Invalid(p, field.OmitValueType{}, "specifying one of OnExitCodes and OnPodConditions is required"))
	}
	return errs
}

func validateExitCodes(rule *batchv1.PodFailurePolicyOnExitCodesRequirement, pod *corev1.PodSpec, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	errs = append(errs, requireOneOf(rule.Operator, p.Child("operator"), batchv1.PodFailurePolicyOnExitCodesOpIn, batchv1.PodFailurePolicyOnExitCodesOpNotIn)...)
	if name := rule.ContainerName; name != nil {
		named := func(c corev1.Container) bool { return c.Name == *name }
		if !slices.ContainsFunc(pod.Containers, named) && !slices.ContainsFunc(pod.InitContainers, named) {
			errs = append(errs, field.Invalid(p.Child("containerName"), *name, "must be one of the container or initContainer names in the pod template"))
		}
	}
	values := p.Child("values")
	if len(rule.Values) == 0 {
		return append(errs, field.Invalid(values, rule.Values, "at least one value is required"))
	}
	errs = append(errs, tooMany(len(rule.Values), maxExitCodes, values)...)
	seen := map[int32]bool{}
	for i, code := range rule.Values {
		if rule.Operator == batchv1.PodFailurePolicyOnExitCodesOpIn && code == 0 {
			errs = append(errs, field.Invalid(values.Index(i), code, "must not be 0 for the In operator"))
		}
		if seen[code] {
			errs = append(errs, field.Duplicate(values.Index(i), code))
		}
		seen[code] = true
	}
	if !slices.IsSorted(rule.Values) {
		errs = append(errs, field.Invalid(values, rule.Values, "must be ordered"))
	}
	return errs
}

func validatePatterns(patterns []batchv1.PodFailurePolicyOnPodConditionsPattern, p *field.Path) field.ErrorList {
	errs := tooMany(len(patterns), maxPatterns, p)
	for i, pattern := range patterns {
		errs = append(errs, validation.ValidateQualifiedName(string(pattern.Type), p.Index(i).Child("type"))...)
		errs = append(errs, requireOneOf(pattern.Status, p.Index(i).Child("status"), corev1.ConditionFalse, corev1.ConditionTrue, corev1.ConditionUnknown)...)
	}
	return errs
}

func validateSuccessPolicy(spec *batchv1.JobSpec, p *field.Path) field.ErrorList {
	if spec.SuccessPolicy == nil {
		return nil
	}
	if !isIndexed(spec) {
		return field.ErrorList{field.Invalid(p, goform.Of(spec.SuccessPolicy), "requires indexed completion mode")}
	}
	rules := spec.SuccessPolicy.Rules
	if len(rules) == 0 {
		return field.ErrorList{field.Required(p.Child("rules"), "at least one rules must be specified when the successPolicy is specified")}
	}
	errs := tooMany(len(rules), maxRules, p.Child("rules"))
	for i := range rules {
		errs = append(errs, validateSuccessRule(&rules[i], spec.Completions, p.Child("rules").Index(i))...)
	}
	return errs
}

// validateSuccessRule checks that the rule can be met: that there are as many
// indexes as have to succeed.
func validateSuccessRule(rule *batchv1.SuccessPolicyRule, completions *int32, p *field.Path) field.ErrorList {
	if rule.SucceededCount == nil && rule.SucceededIndexes == nil {
		return field.ErrorList{field.Required(p, "at least one of succeededCount or succeededIndexes must be specified")}
	}
	var errs field.ErrorList
	var all indexes
	if text := rule.SucceededIndexes; text != nil {
		at := p.Child("succeededIndexes")
		if len(*text) > maxIndexesLength {
			errs = append(errs, field.TooLong(at, "", maxIndexesLength))
		}
		var err error
		if all, err = parseIndexes(*text, ptr.Deref(completions, 0)); err != nil {
			errs = append(errs, field.Invalid(at, *text, "error parsing succeededIndexes: "+err.Error()))
			all = nil
		}
	}
	if rule.SucceededCount == nil {
		return errs
	}
	count, at := *rule.SucceededCount, p.Child("succeededCount")
	if count < 0 {
		errs = append(errs, field.Invalid(at, count, "must be greater than or equal to 0"))
	}
	if completions != nil && count > *completions {
		errs = append(errs, field.Invalid(at, count, fmt.Sprintf("must be less than or equal to %d (the number of specified completions)", *completions)))
	}
	if n := all.count(); rule.SucceededIndexes != nil && int(count) > n {
		errs = append(errs, field.Invalid(at, count,
			fmt.Sprintf("must be less than or equal to %d (the number of indexes in the specified succeededIndexes field)", n)))
	}
	return errs
}
