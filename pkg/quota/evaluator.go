package quota

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"
	apiquota "k8s.io/apiserver/pkg/quota/v1"
	"k8s.io/apiserver/pkg/quota/v1/generic"
)

// selector is a scope of a quota: the objects that the quota limits.
type selector = corev1.ScopedResourceSelectorRequirement

// evaluator implements the interface of k8s.io/apiserver for one kind of objects.
// T is the type of the objects, such as *corev1.Pod.
type evaluator[T runtime.Object] struct {
	resource schema.GroupResource
	// list lists the objects of a namespace.
	list generic.ListFuncByNamespace
	// matching returns those of the names under which a quota can limit the
	// objects.
	matching func(names []corev1.ResourceName) []corev1.ResourceName
	// usage returns what an object uses.
	usage func(obj T) (corev1.ResourceList, error)
	// handlesUpdate reports whether an update can change what an object uses, or
	// the scopes that it is in.
	handlesUpdate func(a apiadmission.Attributes) bool
	// inScope reports whether an object is in a scope. It is nil if the objects
	// are in none.
	inScope func(scope selector, obj T) (bool, error)
	// constraints, if not nil, returns an error if an object does not say how much
	// it uses of something that a quota limits.
	constraints func(limited []corev1.ResourceName, obj T) error
}

// typed returns the object of a request or of a list as a T.
func (e *evaluator[T]) typed(item runtime.Object) (T, error) {
	obj, ok := item.(T)
	if !ok {
		return obj, fmt.Errorf("expected an object of %s, got a %T", e.resource, item)
	}
	return obj, nil
}

// GroupResource implements quota.Evaluator.
func (e *evaluator[T]) GroupResource() schema.GroupResource { return e.resource }

// Handles implements quota.Evaluator.
func (e *evaluator[T]) Handles(a apiadmission.Attributes) bool {
	switch a.GetOperation() {
	case apiadmission.Create:
		return a.GetSubresource() == ""
	case apiadmission.Update:
		return e.handlesUpdate(a)
	}
	return false
}

// MatchingResources implements quota.Evaluator.
func (e *evaluator[T]) MatchingResources(names []corev1.ResourceName) []corev1.ResourceName {
	return e.matching(names)
}

// Constraints implements quota.Evaluator.
func (e *evaluator[T]) Constraints(limited []corev1.ResourceName, item runtime.Object) error {
	obj, err := e.typed(item)
	if err != nil || e.constraints == nil {
		return err
	}
	return e.constraints(limited, obj)
}

// Usage implements quota.Evaluator.
func (e *evaluator[T]) Usage(item runtime.Object) (corev1.ResourceList, error) {
	obj, err := e.typed(item)
	if err != nil {
		return nil, err
	}
	return e.usage(obj)
}

// Matches implements quota.Evaluator.
func (e *evaluator[T]) Matches(quota *corev1.ResourceQuota, item runtime.Object) (bool, error) {
	return generic.Matches(quota, item, e.matching, e.matchesScope)
}

// MatchingScopes implements quota.Evaluator.
func (e *evaluator[T]) MatchingScopes(item runtime.Object, scopes []selector) (matching []selector, err error) {
	for _, scope := range scopes {
		matches, err := e.matchesScope(scope, item)
		if err != nil {
			return nil, err
		}
		if matches {
			matching = append(matching, scope)
		}
	}
	return matching, nil
}

// UncoveredQuotaScopes implements quota.Evaluator. A scope of the configuration is
// covered by any scope of a quota that has the same name.
func (e *evaluator[T]) UncoveredQuotaScopes(limited, ofQuotas []selector) (uncovered []selector, err error) {
	for _, scope := range limited {
		if !slices.ContainsFunc(ofQuotas, func(s selector) bool { return s.ScopeName == scope.ScopeName }) {
			uncovered = append(uncovered, scope)
		}
	}
	return uncovered, nil
}

// UsageStats implements quota.Evaluator.
func (e *evaluator[T]) UsageStats(options apiquota.UsageStatsOptions) (apiquota.UsageStats, error) {
	return generic.CalculateUsageStats(options, e.list, e.matchesScope, e.Usage)
}

func (e *evaluator[T]) matchesScope(scope selector, item runtime.Object) (bool, error) {
	obj, err := e.typed(item)
	if err != nil || e.inScope == nil {
		return false, err
	}
	return e.inScope(scope, obj)
}

// among returns those of the names for which a function returns true.
func among(names []corev1.ResourceName, is func(corev1.ResourceName) bool) (matching []corev1.ResourceName) {
	for _, name := range names {
		if is(name) {
			matching = append(matching, name)
		}
	}
	return matching
}

// count returns a number of objects as a quantity.
func count(n int64) resource.Quantity { return *resource.NewQuantity(n, resource.DecimalSI) }

// counted returns the name that counts the objects of a resource.
func counted(resource schema.GroupResource) corev1.ResourceName {
	return generic.ObjectCountQuotaResourceNameFor(resource)
}

// selects reports whether a scope selects an object with these classes.
func selects(scope selector, classes ...string) (bool, error) {
	listed := func(class string) bool { return slices.Contains(scope.Values, class) }
	switch scope.Operator {
	case corev1.ScopeSelectorOpExists:
		return len(classes) > 0, nil
	case corev1.ScopeSelectorOpDoesNotExist:
		return len(classes) == 0, nil
	case corev1.ScopeSelectorOpIn:
		return slices.ContainsFunc(classes, listed), nil
	case corev1.ScopeSelectorOpNotIn:
		return len(classes) == 0 || slices.ContainsFunc(classes, func(class string) bool { return !listed(class) }), nil
	}
	return false, fmt.Errorf("%q is not a valid scope selector operator", scope.Operator)
}
