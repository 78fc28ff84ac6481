package clusterrole

import (
	"context"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/rbac/validation"
)

func validate(_ context.Context, role *rbacv1.ClusterRole) field.ErrorList {
	errs := validation.ValidateRules(role.Rules, false, field.NewPath("rules"))
	if role.AggregationRule != nil {
		errs = append(errs, validateSelectors(role.AggregationRule.ClusterRoleSelectors, field.NewPath("aggregationRule", "clusterRoleSelectors"))...)
	}
	return errs
}

func validateSelectors(selectors []metav1.LabelSelector, path *field.Path) field.ErrorList {
	if len(selectors) == 0 {
		return field.ErrorList{field.Required(path, "at least one clusterRoleSelector required if aggregationRule is non-nil")}
	}
	var errs field.ErrorList
	for i := range selectors {
		at := path.Index(i)
		errs = append(errs, metav1validation.ValidateLabelSelector(&selectors[i], metav1validation.LabelSelectorValidationOptions{}, at)...)
		if _, err := metav1.LabelSelectorAsSelector(&selectors[i]); err != nil {
			errs = append(errs, field.Invalid(at, nil, "invalid label selector."))
		}
	}
	return errs
}
