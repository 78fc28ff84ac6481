package limitranger

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	resourcehelper "k8s.io/component-helpers/resource"
)

// checkPod returns what is wrong with a pod, if the bounds are for pods or
// containers. What a pod uses is the sum of what its containers use at the same
// time, or its own resources where they are set, and not its overhead.
func checkPod(pod *corev1.Pod, bounds *corev1.LimitRangeItem) []error {
	switch bounds.Type {
	case corev1.LimitTypePod:
		options := resourcehelper.PodResourcesOptions{ExcludeOverhead: true}
		return checkUse(bounds, resourcehelper.PodRequests(pod, options), resourcehelper.PodLimits(pod, options))
	case corev1.LimitTypeContainer:
		var errs []error
		for _, container := range slices.Concat(pod.Spec.Containers, pod.Spec.InitContainers) {
			errs = append(errs, checkUse(bounds, container.Resources.Requests, container.Resources.Limits)...)
		}
		return errs
	}
	return nil
}

// checkClaim returns what is wrong with a claim, if the bounds are for claims. The
// request of a claim is what it uses: its limit is ignored.
func checkClaim(claim *corev1.PersistentVolumeClaim, bounds *corev1.LimitRangeItem) []error {
	if bounds.Type != corev1.LimitTypePersistentVolumeClaim {
		return nil
	}
	return append(checkMin(bounds, claim.Spec.Resources.Requests), checkMax(bounds, "request", claim.Spec.Resources.Requests)...)
}

func checkUse(bounds *corev1.LimitRangeItem, requests, limits corev1.ResourceList) []error {
	return slices.Concat(checkMin(bounds, requests), checkMax(bounds, "limit", limits), checkRatio(bounds, requests, limits))
}

func checkMin(bounds *corev1.LimitRangeItem, requests corev1.ResourceList) []error {
	return each(bounds.Min, func(name corev1.ResourceName, least resource.Quantity) error {
		request, found := requests[name]
		if !found {
			return fmt.Errorf("minimum %s usage per %s is %s.  No request is specified", name, bounds.Type, least.String())
		}
		if request.Cmp(least) < 0 {
			return fmt.Errorf("minimum %s usage per %s is %s, but request is %s", name, bounds.Type, least.String(), request.String())
		}
		return nil
	})
}

// checkMax compares a list with the maximum. what is "limit" or "request", as the
// list is to be called.
func checkMax(bounds *corev1.LimitRangeItem, what string, list corev1.ResourceList) []error {
	return each(bounds.Max, func(name corev1.ResourceName, most resource.Quantity) error {
		have, found := list[name]
		if !found {
			return fmt.Errorf("maximum %s usage per %s is %s.  No %s is specified", name, bounds.Type, most.String(), what)
		}
		if have.Cmp(most) > 0 {
			return fmt.Errorf("maximum %s usage per %s is %s, but %s is %s", name, bounds.Type, most.String(), what, have.String())
		}
		return nil
	})
}

func checkRatio(bounds *corev1.LimitRangeItem, requests, limits corev1.ResourceList) []error {
	return each(bounds.MaxLimitRequestRatio, func(name corev1.ResourceName, most resource.Quantity) error {
		request, limit := requests[name], limits[name]
		intro := fmt.Sprintf("%s max limit to request ratio per %s is %s", name, bounds.Type, most.String())
		switch {
		case request.IsZero():
			return fmt.Errorf("%s, but no request is specified or request is 0", intro)
		case limit.IsZero():
			return fmt.Errorf("%s, but no limit is specified or limit is 0", intro)
		}
		if have := ratio(limit, request); have > float64(most.MilliValue())/1000 {
			return fmt.Errorf("%s, but provided ratio is %f", intro, have)
		}
		return nil
	})
}

// ratio divides two quantities. Thousandths of both are whole numbers, so that a
// ratio which is exactly the allowed one does not become larger by rounding. Of
// large quantities they would not fit, and do not matter.
func ratio(a, b resource.Quantity) float64 {
	if a.Value() > resource.MaxMilliValue || b.Value() > resource.MaxMilliValue {
		return float64(a.Value()) / float64(b.Value())
	}
	return float64(a.MilliValue()) / float64(b.MilliValue())
}

// each calls a function for each resource of a list, by name, and returns its errors.
func each(list corev1.ResourceList, check func(corev1.ResourceName, resource.Quantity) error) []error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(list)) {
		if err := check(name, list[name]); err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}
