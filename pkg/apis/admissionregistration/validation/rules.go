// Package validation contains rules that resources of admissionregistration.k8s.io
// share.
package validation

import (
	"fmt"
	"slices"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

const (
	all             = "*"
	allSubresources = "*/*"
)

// ValidateRuleWithOperations checks which requests a webhook or a policy asks for.
func ValidateRuleWithOperations(r *admissionregistrationv1.RuleWithOperations, path *field.Path) field.ErrorList {
	errs := validateNames(r.Operations, path.Child("operations"), "operations")
	supported := []admissionregistrationv1.OperationType{
		admissionregistrationv1.OperationAll, admissionregistrationv1.Connect, admissionregistrationv1.Create, admissionregistrationv1.Delete,
		admissionregistrationv1.Update,
	}
	for i, operation := range r.Operations {
		if !slices.Contains(supported, operation) {
			errs = append(errs, field.NotSupported(path.Child("operations").Index(i), operation, supported))
		}
	}
	return append(errs, validateRule(&r.Rule, path)...)
}

func validateRule(r *admissionregistrationv1.Rule, path *field.Path) field.ErrorList {
	errs := validateNames(r.APIGroups, path.Child("apiGroups"), "API groups")
	errs = append(errs, validateNames(r.APIVersions, path.Child("apiVersions"), "API versions")...)
	for i, version := range r.APIVersions {
		if version == "" {
			errs = append(errs, field.Required(path.Child("apiVersions").Index(i), ""))
		}
	}
	errs = append(errs, validateResources(r.Resources, path.Child("resources"))...)
	scopes := []admissionregistrationv1.ScopeType{
		admissionregistrationv1.AllScopes, admissionregistrationv1.ClusterScope, admissionregistrationv1.NamespacedScope,
	}
	if r.Scope != nil && !slices.Contains(scopes, *r.Scope) {
		errs = append(errs, field.NotSupported(path.Child("scope"), *r.Scope, scopes))
	}
	return errs
}

// validateNames checks that there are names, and that "*" is the only one.
func validateNames[T ~string](names []T, path *field.Path, what string) (errs field.ErrorList) {
	if len(names) == 0 {
		errs = append(errs, field.Required(path, ""))
	}
	if len(names) > 1 && slices.Contains(names, all) {
		errs = append(errs, field.Invalid(path, names, "if '*' is present, must not specify other "+what))
	}
	return errs
}

// validateResources checks resources and subresources, such as pods, pods/log,
// pods/* and */scale. What one of them covers must not be repeated after it. Only
// the last resource without a subresource counts beside "*", which looks wrong, but
// kube-apiserver does the same.
func validateResources(resources []string, path *field.Path) (errs field.ErrorList) {
	if len(resources) == 0 {
		errs = append(errs, field.Required(path, ""))
	}
	allOf, inAll := sets.Set[string]{}, sets.Set[string]{} // resources with all subresources, subresources of all resources
	plain := false
	for i, name := range resources {
		resource, sub, isSub := strings.Cut(name, "/")
		switch {
		case name == "":
			errs = append(errs, field.Required(path.Index(i), ""))
		case !isSub:
			plain = name != all
		default:
			if allOf.Has(resource) {
				errs = append(errs, field.Invalid(path.Index(i), name, fmt.Sprintf("if '%s/*' is present, must not specify %s", resource, name)))
			}
			if inAll.Has(sub) {
				errs = append(errs, field.Invalid(path.Index(i), name, fmt.Sprintf("if '*/%s' is present, must not specify %s", sub, name)))
			}
			if sub == all {
				allOf.Insert(resource)
			}
			if resource == all {
				inAll.Insert(sub)
			}
		}
	}
	if len(resources) > 1 && slices.Contains(resources, allSubresources) {
		errs = append(errs, field.Invalid(path, resources, "if '*/*' is present, must not specify other resources"))
	}
	if plain && slices.Contains(resources, all) {
		errs = append(errs, field.Invalid(path, resources, "if '*' is present, must not specify other resources without subresources"))
	}
	return errs
}
