package authorization

import (
	"context"
	"strings"

	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	"k8s.io/apiserver/pkg/authorization/metrics"
	"k8s.io/apiserver/pkg/authorization/union"
)

// chain asks authorizers one after another. It replaces the union authorizer of
// k8s.io/apiserver, which puts the name of the authorizer before each reason.
// kube-apiserver 1.36 does not show these names to users.
type chain struct {
	authorizer.AuthorizerFunc
	authorizer.RuleResolver

	members   []authorizer.Authorizer
	resolvers []authorizer.RuleResolver
}

func newChain() *chain {
	return &chain{members: []authorizer.Authorizer{authorizerfactory.NewPrivilegedGroups(user.SystemPrivilegedGroup)}}
}

func (c *chain) add(kind, name string, a Authorizer) {
	c.members = append(c.members, metrics.InstrumentedAuthorizer(kind, name, a))
	c.resolvers = append(c.resolvers, a)
}

func (c *chain) finish() *chain {
	c.AuthorizerFunc, c.RuleResolver = c.authorize, union.NewRuleResolvers(c.resolvers...)
	return c
}

// authorize returns the first decision. If no authorizer decides, it returns
// the reasons of all authorizers, one per line, and all errors.
func (c *chain) authorize(ctx context.Context, attrs authorizer.Attributes) (authorizer.Decision, string, error) {
	var reasons []string
	var errs []error
	for _, member := range c.members {
		decision, reason, err := member.Authorize(ctx, attrs)
		if decision != authorizer.DecisionNoOpinion {
			return decision, reason, err
		}
		if reason != "" {
			reasons = append(reasons, reason)
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	return authorizer.DecisionNoOpinion, strings.Join(reasons, "\n"), utilerrors.NewAggregate(errs)
}
