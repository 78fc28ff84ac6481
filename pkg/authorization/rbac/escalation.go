package rbac

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/component-helpers/auth/rbac/validation"
)

// maxCombinations bounds the work of a check, which takes rules apart into single
// verbs, groups, resources and names. A request of 3 MB could otherwise ask for
// more of them than there is memory.
const maxCombinations = 100_000

// ConfirmNoEscalation returns an error if the user of the context would, by
// granting the rules in the context's namespace, give away what he does not
// have himself.
func (r *Resolver) ConfirmNoEscalation(ctx context.Context, rules []rbacv1.PolicyRule) error {
	u, ok := genericapirequest.UserFrom(ctx)
	if !ok {
		return errors.New("no user on context")
	}
	if combinations(rules) > maxCombinations {
		return fmt.Errorf("user %q (groups=%q) is attempting to grant RBAC permissions that are too many to be compared with those currently held: "+
			"more than %d combinations of verb, API group, resource and name", u.GetName(), u.GetGroups(), maxCombinations)
	}
	owned, unresolved := r.Rules(u, genericapirequest.NamespaceValue(ctx))
	covered, missing := validation.Covers(owned, rules)
	if covered {
		return nil
	}
	var lines []string
	for _, rule := range compact(missing) {
		lines = append(lines, describe(&rule))
	}
	slices.Sort(lines)
	message := fmt.Sprintf("user %q (groups=%q) is attempting to grant RBAC permissions not currently held:\n%s",
		u.GetName(), u.GetGroups(), strings.Join(slices.Compact(lines), "\n"))
	if unresolved != nil {
		message += fmt.Sprintf("; resolution errors: %v", []error{unresolved})
	}
	return errors.New(message)
}

// combinations counts what the rules are taken apart into, or says that it is
// more than maxCombinations.
func combinations(rules []rbacv1.PolicyRule) int {
	total := 0
	for _, rule := range rules {
		one := len(rule.Verbs)
		for _, n := range []int{len(rule.APIGroups), len(rule.Resources), max(1, len(rule.ResourceNames))} {
			if one *= n; one > maxCombinations {
				return one
			}
		}
		if total += one + len(rule.Verbs)*len(rule.NonResourceURLs); total > maxCombinations {
			return total
		}
	}
	return total
}

// compact joins the verbs of rules that each are for one resource.
func compact(rules []rbacv1.PolicyRule) []rbacv1.PolicyRule {
	type target struct{ group, resource, name string }
	var out []rbacv1.PolicyRule
	places := map[target]int{}
	for _, rule := range rules {
		if len(rule.APIGroups) != 1 || len(rule.Resources) != 1 || len(rule.ResourceNames) > 1 || len(rule.NonResourceURLs) > 0 {
			out = append(out, rule)
			continue
		}
		key := target{group: rule.APIGroups[0], resource: rule.Resources[0]}
		if len(rule.ResourceNames) == 1 {
			key.name = "=" + rule.ResourceNames[0]
		}
		if i, seen := places[key]; seen {
			out[i].Verbs = append(slices.Clip(out[i].Verbs), rule.Verbs...)
			continue
		}
		places[key] = len(out)
		out = append(out, rule)
	}
	return out
}

// describe writes the parts of a rule that are not empty.
func describe(rule *rbacv1.PolicyRule) string {
	var parts []string
	for _, part := range []struct {
		name   string
		values []string
	}{
		{"APIGroups", rule.APIGroups}, {"Resources", rule.Resources}, {"NonResourceURLs", rule.NonResourceURLs},
		{"ResourceNames", rule.ResourceNames}, {"Verbs", rule.Verbs},
	} {
		if len(part.values) > 0 {
			parts = append(parts, fmt.Sprintf("%s:%q", part.name, part.values))
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
