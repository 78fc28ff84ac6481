package resourcequota

import (
	"context"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/goform"
)

var specPath, statusPath = field.NewPath("spec"), field.NewPath("status")

func validate(_ context.Context, q object) field.ErrorList {
	return append(validateSpec(q), validateStatus(q)...)
}

func validateSpec(q object) field.ErrorList {
	return slices.Concat(
		validateList(q.Spec.Hard, specPath.Child("hard")),
		validateScopes(&q.Spec, specPath.Child("scopes")),
		validateSelector(&q.Spec, specPath.Child("scopeSelector", "matchExpressions")),
	)
}

func validateUpdate(_ context.Context, q, old object) field.ErrorList {
	errs := validateSpec(q)
	if !sets.New(q.Spec.Scopes...).Equal(sets.New(old.Spec.Scopes...)) {
		errs = append(errs, field.Invalid(specPath.Child("scopes"), q.Spec.Scopes, "field is immutable"))
	}
	return errs
}

func validateStatusUpdate(_ context.Context, q, _ object) field.ErrorList { return validateStatus(q) }

func validateStatus(q object) field.ErrorList {
	return append(validateList(q.Status.Hard, statusPath.Child("hard")), validateList(q.Status.Used, statusPath.Child("used"))...)
}

func validateList(list corev1.ResourceList, path *field.Path) (errs field.ErrorList) {
	for _, name := range slices.Sorted(maps.Keys(list)) {
		at := path.Key(string(name))
		errs = append(errs, validation.ValidateQuotaResourceName(name, at)...)
		errs = append(errs, validation.ValidateResourceQuantityValue(name, list[name], at)...)
	}
	return errs
}

func validateScopes(spec *corev1.ResourceQuotaSpec, path *field.Path) (errs field.ErrorList) {
	for _, scope := range spec.Scopes {
		if !isScope(scope) {
			errs = append(errs, field.Invalid(path, spec.Scopes, "unsupported scope"))
		}
		for range countOutside(spec, scope) {
			errs = append(errs, field.Invalid(path, spec.Scopes, "unsupported scope applied to resource"))
		}
	}
	if conflict(spec.Scopes) {
		errs = append(errs, field.Invalid(path, spec.Scopes, "conflicting scopes"))
	}
	return errs
}

func validateSelector(spec *corev1.ResourceQuotaSpec, path *field.Path) (errs field.ErrorList) {
	if spec.ScopeSelector == nil {
		return nil
	}
	var scopes []corev1.ResourceQuotaScope
	for _, r := range spec.ScopeSelector.MatchExpressions {
		scopes = append(scopes, r.ScopeName)
		if !isScope(r.ScopeName) {
			errs = append(errs, field.Invalid(path.Child("scopeName"), r.ScopeName, "unsupported scope"))
		}
		for range countOutside(spec, r.ScopeName) {
			errs = append(errs, field.Invalid(path, goform.Of(spec.ScopeSelector), "unsupported scope applied to resource"))
		}
		errs = append(errs, validateRequirement(r, path)...)
	}
	if conflict(scopes) {
		errs = append(errs, field.Invalid(path, spec.Scopes, "conflicting scopes"))
	}
	return errs
}

func validateRequirement(r corev1.ScopedResourceSelectorRequirement, path *field.Path) (errs field.ErrorList) {
	switch r.ScopeName {
	case corev1.ResourceQuotaScopeBestEffort, corev1.ResourceQuotaScopeNotBestEffort, corev1.ResourceQuotaScopeTerminating,
		corev1.ResourceQuotaScopeNotTerminating, corev1.ResourceQuotaScopeCrossNamespacePodAffinity:
		if r.Operator != corev1.ScopeSelectorOpExists {
			errs = append(errs, field.Invalid(path.Child("operator"), r.Operator,
				"must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, "+
					"ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"))
		}
	}
	switch r.Operator {
	case corev1.ScopeSelectorOpIn, corev1.ScopeSelectorOpNotIn:
		if len(r.Values) == 0 {
			errs = append(errs, field.Required(path.Child("values"), "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"))
		}
	case corev1.ScopeSelectorOpExists, corev1.ScopeSelectorOpDoesNotExist:
		if len(r.Values) > 0 {
			errs = append(errs, field.Invalid(path.Child("values"), r.Values,
				"must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"))
		}
	default:
		errs = append(errs, field.Invalid(path.Child("operator"), r.Operator, "not a valid selector operator"))
	}
	return errs
}

// warnings tells of resources whose requests are limited to more than their
// limits.
func warnings(_ context.Context, q object) (texts []string) {
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceEphemeralStorage} {
		requests := corev1.DefaultResourceRequestsPrefix + name
		request, ok := q.Spec.Hard[requests]
		if !ok {
			requests = name
			request, ok = q.Spec.Hard[requests]
		}
		if limit, limited := q.Spec.Hard[limitsPrefix+name]; ok && limited && request.Cmp(limit) > 0 {
			texts = append(texts, fmt.Sprintf("ResourceQuota %s (%s) should be less than %s (%s)", requests, request.String(), limitsPrefix+name, limit.String()))
		}
	}
	return texts
}
