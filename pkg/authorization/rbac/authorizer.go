package rbac

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
)

// Authorizer decides by the rules of a Resolver. It allows a request or has no
// opinion; it never denies.
type Authorizer struct {
	authorizer.AuthorizerFunc
	*Resolver
}

var (
	_ authorizer.Authorizer   = (*Authorizer)(nil)
	_ authorizer.RuleResolver = (*Authorizer)(nil)
)

// NewAuthorizer returns an authorizer that uses the rules of the resolver.
func NewAuthorizer(r *Resolver) *Authorizer {
	return &Authorizer{AuthorizerFunc: r.authorize, Resolver: r}
}

// authorize looks for a rule that allows a request. If there is none, the
// reason lists the roles that could not be found.
func (r *Resolver) authorize(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
	u := a.GetUser()
	if u == nil {
		return authorizer.DecisionNoOpinion, "", nil
	}
	var missing []error
	for g := range r.grants(u, a.GetNamespace()) {
		rules, err := r.RoleRules(g.role, g.namespace)
		if err != nil {
			missing = append(missing, err)
			continue
		}
		for i := range rules {
			if Allows(&rules[i], a) {
				return authorizer.DecisionAllow, g.reason(u), nil
			}
		}
	}
	if len(missing) > 0 {
		return authorizer.DecisionNoOpinion, "RBAC: " + utilerrors.NewAggregate(missing).Error(), nil
	}
	return authorizer.DecisionNoOpinion, "", nil
}

// reason describes the binding because of which a request is allowed.
func (g grant) reason(u user.Info) string {
	kind, name := "ClusterRoleBinding", g.name
	if g.namespace != "" {
		kind, name = "RoleBinding", g.name+"/"+g.namespace
	}
	return fmt.Sprintf("RBAC: allowed by %s %q of %s %q to %s", kind, name, g.role.Kind, g.role.Name, g.subject(u))
}

// subject describes the first subject of the binding that matches the user.
func (g grant) subject(u user.Info) string {
	keys := slices.Collect(userKeys(u))
	for i := range g.subjects {
		s := &g.subjects[i]
		if !slices.Contains(keys, subjectKey(s, g.namespace)) {
			continue
		}
		if s.Kind == rbacv1.ServiceAccountKind {
			return fmt.Sprintf("%s %q", s.Kind, s.Name+"/"+cmp.Or(s.Namespace, g.namespace))
		}
		return fmt.Sprintf("%s %q", s.Kind, s.Name)
	}
	return ""
}

// RulesFor implements authorizer.RuleResolver.
func (a *Authorizer) RulesFor(_ context.Context, u user.Info, namespace string) ([]authorizer.ResourceRuleInfo, []authorizer.NonResourceRuleInfo, bool, error) {
	var resources []authorizer.ResourceRuleInfo
	var urls []authorizer.NonResourceRuleInfo
	rules, err := a.Rules(u, namespace)
	for _, rule := range rules {
		if len(rule.Resources) > 0 {
			resources = append(resources, &authorizer.DefaultResourceRuleInfo{
				Verbs: rule.Verbs, APIGroups: rule.APIGroups, Resources: rule.Resources, ResourceNames: rule.ResourceNames})
		}
		if len(rule.NonResourceURLs) > 0 {
			urls = append(urls, &authorizer.DefaultNonResourceRuleInfo{Verbs: rule.Verbs, NonResourceURLs: rule.NonResourceURLs})
		}
	}
	return resources, urls, false, err
}

// sorted returns the bindings without duplicates: first the cluster role
// bindings, then the role bindings, each sorted by name.
func sorted(grants iter.Seq[grant]) []grant {
	all := slices.SortedFunc(grants, func(a, b grant) int {
		return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.name, b.name))
	})
	return slices.CompactFunc(all, func(a, b grant) bool { return a.namespace == b.namespace && a.name == b.name })
}
