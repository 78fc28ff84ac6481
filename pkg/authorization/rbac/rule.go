package rbac

import (
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apiserver/pkg/authorization/authorizer"
)

// Allows reports whether a rule allows a request.
func Allows(rule *rbacv1.PolicyRule, a authorizer.Attributes) bool {
	if !has(rule.Verbs, rbacv1.VerbAll, a.GetVerb()) {
		return false
	}
	if !a.IsResourceRequest() {
		return slices.ContainsFunc(rule.NonResourceURLs, func(pattern string) bool { return matchesURL(pattern, a.GetPath()) })
	}
	return has(rule.APIGroups, rbacv1.APIGroupAll, a.GetAPIGroup()) &&
		hasResource(rule.Resources, a.GetResource(), a.GetSubresource()) &&
		(len(rule.ResourceNames) == 0 || slices.Contains(rule.ResourceNames, a.GetName()))
}

// has reports whether a list contains the value or the wildcard.
func has(list []string, wildcard, value string) bool {
	for _, item := range list {
		if item == wildcard || item == value {
			return true
		}
	}
	return false
}

// hasResource reports whether a list of resources matches. Its elements have
// the forms "*", "pods", "pods/log" and "*/scale".
func hasResource(list []string, resource, subresource string) bool {
	for _, item := range list {
		if item == rbacv1.ResourceAll {
			return true
		}
		if subresource == "" {
			if item == resource {
				return true
			}
			continue
		}
		parent, sub, ok := strings.Cut(item, "/")
		if ok && sub == subresource && (parent == "*" || parent == resource) {
			return true
		}
	}
	return false
}

// matchesURL reports whether a URL in a rule matches a path. Its last character
// can be a wildcard.
func matchesURL(pattern, path string) bool {
	if pattern == path {
		return true
	}
	return strings.HasSuffix(pattern, rbacv1.NonResourceAll) && strings.HasPrefix(path, strings.TrimRight(pattern, rbacv1.NonResourceAll))
}
