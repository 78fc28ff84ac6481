package podspec

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
	resourcehelper "k8s.io/component-helpers/resource"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
)

// nameRule checks the name of a resource.
type nameRule func(corev1.ResourceName, *field.Path) field.ErrorList

// validateResources checks the requests, limits and claims of a container.
func (v *specValidator) validateResources(r *corev1.ResourceRequirements, p *field.Path) field.ErrorList {
	return v.validateRequirements(r, validation.ValidateContainerResourceName, p)
}

// ValidateOverhead checks the resources that a pod uses in addition to those of
// its containers (KEP-688). They are checked like limits. Like those of
// kube-apiserver, the errors have the path p.limits[RESOURCE].
func ValidateOverhead(overhead corev1.ResourceList, opts Options, p *field.Path) field.ErrorList {
	v := &specValidator{opts: opts}
	return v.validateResources(&corev1.ResourceRequirements{Limits: overhead}, p)
}

func (v *specValidator) validateRequirements(r *corev1.ResourceRequirements, name nameRule, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	hugePages, computes := false, false
	check := func(list corev1.ResourceList, n corev1.ResourceName, p *field.Path) {
		errs = append(errs, name(n, p)...)
		errs = append(errs, validation.ValidateResourceQuantityValue(n, list[n], p)...)
		if validation.IsHugePageResourceName(n) {
			hugePages = true
			if !v.opts.kept.hugePages {
				errs = append(errs, validation.ValidateHugePageQuantity(n, list[n], p)...)
			}
		}
		computes = computes || n == corev1.ResourceCPU || n == corev1.ResourceMemory
	}
	for _, n := range sortedNames(r.Limits) {
		check(r.Limits, n, p.Child("limits").Key(string(n)))
	}
	for _, n := range sortedNames(r.Requests) {
		check(r.Requests, n, p.Child("requests").Key(string(n)))
		errs = append(errs, validateOvercommit(r, n, p)...)
	}
	if hugePages && !computes {
		errs = append(errs, field.Forbidden(p, "HugePages require cpu or memory"))
	}
	return append(errs, v.validateClaimsOf(r.Claims, p.Child("claims"))...)
}

func sortedNames(list corev1.ResourceList) []corev1.ResourceName { return sets.List(sets.KeySet(list)) }

// validateOvercommit checks a request against its limit. Resources that cannot
// be overcommitted require a limit that is equal to the request.
func validateOvercommit(r *corev1.ResourceRequirements, name corev1.ResourceName, p *field.Path) field.ErrorList {
	request, overcommit := r.Requests[name], validation.IsOvercommitAllowed(name)
	limit, limited := r.Limits[name]
	at := p.Child("requests")
	switch {
	case !limited && !overcommit:
		return field.ErrorList{field.Required(p.Child("limits"), "Limit must be set for non overcommitable resources")}
	case !limited:
		return nil
	case !overcommit && request.Cmp(limit) != 0:
		return field.ErrorList{field.Invalid(at, request.String(), fmt.Sprintf("must be equal to %s limit of %s", name, limit.String()))}
	case overcommit && request.Cmp(limit) > 0:
		return field.ErrorList{field.Invalid(at, request.String(), fmt.Sprintf("must be less than or equal to %s limit of %s", name, limit.String()))}
	}
	return nil
}

// validateClaimsOf checks that each claim refers to a resource claim of the
// pod, and that none occurs twice.
func (v *specValidator) validateClaimsOf(claims []corev1.ResourceClaim, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	used := sets.Set[string]{}
	for i, c := range claims {
		at := p.Index(i)
		if c.Name == "" {
			errs = append(errs, field.Required(at, ""))
			continue
		}
		id := c.Name
		if c.Request != "" {
			errs = append(errs, validation.ValidateDNS1123Label(c.Request, at.Child("request"))...)
			id += "/" + c.Request
		}
		if used.Has(id) {
			errs = append(errs, field.Duplicate(at, id))
		} else {
			used.Insert(id)
		}
		if !v.claims.Has(c.Name) {
			unknown := field.NotFound(at, c.Name)
			unknown.Detail = "must be one of the names in pod.spec.resourceClaims"
			if len(v.claims) == 0 {
				unknown.Detail += " which is empty"
			} else {
				unknown.Detail += ": " + strings.Join(sets.List(v.claims), ", ")
			}
			errs = append(errs, unknown)
		}
	}
	return errs
}

func (v *specValidator) validateResizePolicy(c *corev1.Container, p *field.Path) field.ErrorList {
	var errs field.ErrorList
	seen := sets.Set[corev1.ResourceName]{}
	for i, policy := range c.ResizePolicy {
		if seen.Has(policy.ResourceName) {
			errs = append(errs, field.Duplicate(p.Index(i), policy.ResourceName))
		}
		seen.Insert(policy.ResourceName)
		errs = append(errs, metavalidation.ValidateRequiredOneOf(policy.ResourceName, p, corev1.ResourceCPU, corev1.ResourceMemory)...)
		errs = append(errs, metavalidation.ValidateRequiredOneOf(policy.RestartPolicy, p, corev1.NotRequired, corev1.RestartContainer)...)
		if v.spec.RestartPolicy == corev1.RestartPolicyNever && policy.RestartPolicy != corev1.NotRequired {
			errs = append(errs, field.Invalid(p, policy.RestartPolicy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'"))
		}
	}
	return errs
}

// validatePodResources checks the resources of the pod itself, which limit
// those of all its containers together.
func (v *specValidator) validatePodResources(p *field.Path) field.ErrorList {
	r := v.spec.Resources
	if r == nil {
		return nil
	}
	var errs field.ErrorList
	at := p.Child("resources")
	if len(r.Claims) > 0 {
		errs = append(errs, field.Forbidden(at.Child("claims"), "claims may not be set for Resources at pod-level"))
	}
	errs = append(errs, v.validateRequirements(r, validatePodResourceName, at)...)
	return append(errs, v.validateShares(p)...)
}

func validatePodResourceName(name corev1.ResourceName, p *field.Path) field.ErrorList {
	errs := validation.ValidateResourceName(name, p)
	if len(errs) == 0 && !resourcehelper.IsSupportedPodLevelResource(name) {
		errs = append(errs, field.NotSupported(p, name, sets.List(resourcehelper.SupportedPodLevelResources())))
	}
	return errs
}

// validateShares checks that the requests of all containers together do not
// exceed those of the pod, and that the limit of no container exceeds that of
// the pod.
func (v *specValidator) validateShares(p *field.Path) field.ErrorList {
	var errs field.ErrorList
	own, at := v.spec.Resources, p.Child("resources")
	aggregate := func(kind string, whole, sum corev1.ResourceList, only func(corev1.ResourceName) bool) {
		for _, name := range sortedNames(sum) {
			q, ok := whole[name]
			if total := sum[name]; ok && only(name) && q.Cmp(total) < 0 {
				errs = append(errs, field.Invalid(at.Child(kind).Key(string(name)), q.String(),
					fmt.Sprintf("must be greater than or equal to aggregate container %s of %s", kind, total.String())))
			}
		}
	}
	pod, containers := &corev1.Pod{Spec: *v.spec}, resourcehelper.PodResourcesOptions{SkipPodLevelResources: true}
	aggregate("requests", own.Requests, resourcehelper.AggregateContainerRequests(pod, containers), resourcehelper.IsSupportedPodLevelResource)
	aggregate("limits", own.Limits, resourcehelper.AggregateContainerLimits(pod, containers), validation.IsHugePageResourceName)

	for path, c := range containersOf(v.spec, p) {
		for _, name := range sortedNames(c.Resources.Limits) {
			limit, whole := c.Resources.Limits[name], own.Limits[name]
			if _, ok := own.Limits[name]; ok && limit.Cmp(whole) > 0 {
				errs = append(errs, limitAbovePod(path, name, limit, whole))
			}
		}
	}
	return errs
}

func limitAbovePod(p *field.Path, name corev1.ResourceName, limit, whole resource.Quantity) *field.Error {
	return field.Invalid(p.Child("resources", "limits").Key(string(name)), limit.String(),
		"must be less than or equal to pod limits of "+whole.String())
}
