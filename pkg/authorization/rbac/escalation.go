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

// maxCombinations limits the memory and time of a check, which splits rules
// into single verbs, groups, resources and names. Without a limit, a request of
// 3 MB could need more combinations than fit into memory.
const maxCombinations = 100_000

// ConfirmNoEscalation checks whether a user may grant rules. It returns an
// error if the rules contain a permission, in the namespace of the context,
// that the user of the context does not have.
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

// combinations returns the number of parts into which the rules are split, or
// any number greater than maxCombinations if there are more.
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

// compact merges rules that differ only in their verbs. Each rule is for one
// resource.
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

// describe formats the non-empty fields of a rule.
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
