// Package abac decides by the policies in a file: the authorization mode ABAC.
//
// The file has one JSON object per line. Each has the form of
// abac.authorization.kubernetes.io/v1beta1 or, without an apiVersion, the old
// flat form. Empty lines and lines that begin with # are skipped. A policy can
// only allow requests; there are no policies that deny. The file is read once,
// at the start.
//
// In contrast to kube-apiserver, unknown fields are errors: a policy with the
// misspelled field "read-only" would otherwise allow writes as well.
package abac

import (
	"context"
	"slices"
	"strings"

	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
)

// all is the property value that matches everything.
const all = "*"

// policy allows a subject to make certain requests. An empty property matches
// only an empty value, except that at least one of user and group must be set.
type policy struct {
	User            string `json:"user,omitempty"`
	Group           string `json:"group,omitempty"`
	Readonly        bool   `json:"readonly,omitempty"`
	APIGroup        string `json:"apiGroup,omitempty"`
	Resource        string `json:"resource,omitempty"`
	Namespace       string `json:"namespace,omitempty"`
	NonResourcePath string `json:"nonResourcePath,omitempty"`
}

// Authorizer decides by policies.
type Authorizer struct {
	authorizer.AuthorizerFunc
	policies []policy
}

var (
	_ authorizer.Authorizer   = (*Authorizer)(nil)
	_ authorizer.RuleResolver = (*Authorizer)(nil)
)

func newAuthorizer(policies []policy) *Authorizer {
	a := &Authorizer{policies: policies}
	a.AuthorizerFunc = a.authorize
	return a
}

func (a *Authorizer) authorize(_ context.Context, attrs authorizer.Attributes) (authorizer.Decision, string, error) {
	for i := range a.policies {
		if a.policies[i].allows(attrs) {
			return authorizer.DecisionAllow, "", nil
		}
	}
	return authorizer.DecisionNoOpinion, "No policy matched.", nil
}

func (p *policy) allows(attrs authorizer.Attributes) bool {
	if !p.isFor(attrs.GetUser()) || p.Readonly && !attrs.IsReadOnly() {
		return false
	}
	if !attrs.IsResourceRequest() {
		return matchesPath(p.NonResourcePath, attrs.GetPath())
	}
	return matches(p.Namespace, attrs.GetNamespace()) && matches(p.Resource, attrs.GetResource()) && matches(p.APIGroup, attrs.GetAPIGroup())
}

// isFor reports whether the user is the subject of the policy. The user must
// match both the name and the group, if they are set. A policy that has neither
// matches nobody.
func (p *policy) isFor(u user.Info) bool {
	if u == nil || p.User == "" && p.Group == "" {
		return false
	}
	return (p.User == "" || p.User == u.GetName()) && (p.Group == "" || slices.Contains(u.GetGroups(), p.Group))
}

func matches(property, value string) bool { return property == all || property == value }

// matchesPath reports whether the property equals the path, or ends with * and
// the path begins with the text before the *.
func matchesPath(property, path string) bool {
	if property == "" {
		return false
	}
	prefix, wild := strings.CutSuffix(property, all)
	return property == path || wild && strings.HasPrefix(path, prefix)
}

// RulesFor implements authorizer.RuleResolver.
func (a *Authorizer) RulesFor(_ context.Context, u user.Info, namespace string) ([]authorizer.ResourceRuleInfo, []authorizer.NonResourceRuleInfo, bool, error) {
	var resources []authorizer.ResourceRuleInfo
	var paths []authorizer.NonResourceRuleInfo
	for i := range a.policies {
		p := &a.policies[i]
		if !p.isFor(u) {
			continue
		}
		verbs, pathVerbs := []string{all}, []string{all}
		if p.Readonly {
			verbs, pathVerbs = []string{"get", "list", "watch"}, []string{"get"}
		}
		if p.Resource != "" && matches(p.Namespace, namespace) {
			resources = append(resources, &authorizer.DefaultResourceRuleInfo{Verbs: verbs, APIGroups: []string{p.APIGroup}, Resources: []string{p.Resource}})
		}
		if p.NonResourcePath != "" {
			paths = append(paths, &authorizer.DefaultNonResourceRuleInfo{Verbs: pathVerbs, NonResourceURLs: []string{p.NonResourcePath}})
		}
	}
	return resources, paths, false, nil
}
