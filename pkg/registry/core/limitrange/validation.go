package limitrange

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
)

var limitsPath = field.NewPath("spec", "limits")

func validate(_ context.Context, l object) (errs field.ErrorList) {
	seen := sets.Set[corev1.LimitType]{}
	for i := range l.Spec.Limits {
		item, path := &l.Spec.Limits[i], limitsPath.Index(i)
		errs = append(errs, validateType(item.Type, path.Child("type"))...)
		if seen.Has(item.Type) {
			errs = append(errs, field.Duplicate(path.Child("type"), item.Type))
		}
		seen.Insert(item.Type)
		errs = append(errs, validateItem(item, path)...)
	}
	return errs
}

func validateType(t corev1.LimitType, path *field.Path) field.ErrorList {
	if errs := validation.ValidateQualifiedName(string(t), path); len(errs) > 0 {
		return errs
	}
	switch {
	case strings.Contains(string(t), "/"), t == corev1.LimitTypePod, t == corev1.LimitTypeContainer, t == corev1.LimitTypePersistentVolumeClaim:
		return nil
	}
	return field.ErrorList{field.Invalid(path, t, "must be a standard limit type or fully qualified")}
}

func validateItem(item *corev1.LimitRangeItem, path *field.Path) field.ErrorList {
	errs := slices.Concat(validateList(item.Type, item.Max, path.Child("max")), validateList(item.Type, item.Min, path.Child("min")))
	given := []corev1.ResourceList{item.Max, item.Min, item.MaxLimitRequestRatio}
	if item.Type == corev1.LimitTypePod {
		for _, d := range []struct {
			list corev1.ResourceList
			name string
		}{{item.Default, "default"}, {item.DefaultRequest, "defaultRequest"}} {
			if len(d.list) > 0 {
				errs = append(errs, field.Forbidden(path.Child(d.name), "may not be specified when `type` is 'Pod'"))
			}
		}
	} else {
		given = append(given, item.Default, item.DefaultRequest)
		errs = append(errs, validateList(item.Type, item.Default, path.Child("default"))...)
		errs = append(errs, validateList(item.Type, item.DefaultRequest, path.Child("defaultRequest"))...)
	}
	if item.Type == corev1.LimitTypePersistentVolumeClaim && !has(item.Min, corev1.ResourceStorage) && !has(item.Max, corev1.ResourceStorage) {
		errs = append(errs, field.Required(path.Child("limits"), "either minimum or maximum storage value is required, but neither was provided"))
	}
	errs = append(errs, validateList(item.Type, item.MaxLimitRequestRatio, path.Child("maxLimitRequestRatio"))...)

	names := sets.Set[corev1.ResourceName]{}
	for _, list := range given {
		names = names.Union(sets.KeySet(list))
	}
	for _, name := range sets.List(names) {
		errs = append(errs, validateOrder(item, name, path)...)
		errs = append(errs, validateRatio(item, name, path.Child("maxLimitRequestRatio").Key(string(name)))...)
	}
	return errs
}

// validateList checks the names of resources. Their quantities may be negative,
// which looks wrong, but kube-apiserver accepts them.
func validateList(t corev1.LimitType, list corev1.ResourceList, path *field.Path) (errs field.ErrorList) {
	for _, name := range slices.Sorted(maps.Keys(list)) {
		at := path.Key(string(name))
		if t == corev1.LimitTypePod || t == corev1.LimitTypeContainer {
			errs = append(errs, validation.ValidateContainerResourceName(name, at)...)
		} else {
			errs = append(errs, validation.ValidateResourceName(name, at)...)
		}
	}
	return errs
}

func has(list corev1.ResourceList, name corev1.ResourceName) bool {
	_, ok := list[name]
	return ok
}

// validateOrder checks that min, defaultRequest, default and max of a resource
// are in ascending order.
func validateOrder(item *corev1.LimitRangeItem, name corev1.ResourceName, path *field.Path) (errs field.ErrorList) {
	for _, c := range []struct {
		low, high         corev1.ResourceList
		at                string
		blamed            corev1.ResourceList
		lowText, highText string
	}{
		{item.Min, item.Max, "min", item.Min, "min", "max"},
		{item.Min, item.DefaultRequest, "defaultRequest", item.DefaultRequest, "min", "default request"},
		{item.DefaultRequest, item.Max, "defaultRequest", item.DefaultRequest, "default request", "max"},
		{item.DefaultRequest, item.Default, "defaultRequest", item.DefaultRequest, "default request", "default limit"},
		{item.Min, item.Default, "default", item.Min, "min", "default"},
		{item.Default, item.Max, "default", item.Max, "default", "max"},
	} {
		if !has(c.low, name) || !has(c.high, name) {
			continue
		}
		if low, high, blamed := c.low[name], c.high[name], c.blamed[name]; low.Cmp(high) > 0 {
			errs = append(errs, field.Invalid(path.Child(c.at).Key(string(name)), blamed.String(),
				fmt.Sprintf("%s value %s is greater than %s value %s", c.lowText, low.String(), c.highText, high.String())))
		}
	}
	if !validation.IsOvercommitAllowed(name) && has(item.Default, name) && has(item.DefaultRequest, name) {
		if limit, request := item.Default[name], item.DefaultRequest[name]; limit.Cmp(request) != 0 {
			errs = append(errs, field.Invalid(path.Child("defaultRequest").Key(string(name)), request.String(),
				fmt.Sprintf("default value %s must equal to defaultRequest value %s in %s", limit.String(), request.String(), name)))
		}
	}
	return errs
}

// validateRatio checks that the ratio of limit and request of a resource is at
// least 1, and at most that of max and min.
func validateRatio(item *corev1.LimitRangeItem, name corev1.ResourceName, path *field.Path) (errs field.ErrorList) {
	if !has(item.MaxLimitRequestRatio, name) {
		return nil
	}
	ratio := item.MaxLimitRequestRatio[name]
	if ratio.Cmp(*resource.NewQuantity(1, resource.DecimalSI)) < 0 {
		errs = append(errs, field.Invalid(path, ratio.String(), fmt.Sprintf("ratio %s is less than 1", ratio.String())))
	}
	if !has(item.Min, name) || !has(item.Max, name) {
		return errs
	}
	low, high := item.Min[name], item.Max[name]
	given, limit := float64(ratio.Value()), float64(high.Value())/float64(low.Value())
	if low.Value() < resource.MaxMilliValue && high.Value() < resource.MaxMilliValue {
		limit = float64(high.MilliValue()) / float64(low.MilliValue())
	}
	if ratio.Value() < resource.MaxMilliValue {
		given = float64(ratio.MilliValue()) / 1000
	}
	if given > limit {
		errs = append(errs, field.Invalid(path, ratio.String(), fmt.Sprintf("ratio %s is greater than max/min = %f", ratio.String(), limit)))
	}
	return errs
}
