// Package authorization decides what an authenticated user may do: members of
// system:masters everything, others what the modes of --authorization-mode say.
package authorization

import (
	"fmt"

	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	"k8s.io/apiserver/pkg/authorization/metrics"
	"k8s.io/apiserver/pkg/authorization/union"

	"github.com/gatehouse-k8s/gatehouse/pkg/authorization/rbac"
)

// The modes, by their names in --authorization-mode.
const (
	ModeAlwaysAllow = "AlwaysAllow"
	ModeAlwaysDeny  = "AlwaysDeny"
	ModeRBAC        = "RBAC"
)

// Modes returns the modes that there are.
func Modes() []string { return []string{ModeAlwaysAllow, ModeAlwaysDeny, ModeRBAC} }

// Config says how to decide.
type Config struct {
	// Modes are asked in this order; the first one with an opinion decides.
	Modes []string
	// RBAC finds the rules of a user.
	RBAC *rbac.Resolver
}

// decider is an authorizer that can list what it allows.
type decider interface {
	authorizer.Authorizer
	authorizer.RuleResolver
}

// New returns the chain, and what lists the rules of a user by the modes in it.
func (c Config) New() (authorizer.Authorizer, authorizer.RuleResolver, error) {
	chain := []union.NamedAuthorizer{{
		AuthorizerName: "system-masters", Authorizer: authorizerfactory.NewPrivilegedGroups(user.SystemPrivilegedGroup)}}
	var resolvers []authorizer.RuleResolver
	for _, mode := range c.Modes {
		var d decider
		switch mode {
		case ModeAlwaysAllow:
			d = authorizerfactory.NewAlwaysAllowAuthorizer()
		case ModeAlwaysDeny:
			d = authorizerfactory.NewAlwaysDenyAuthorizer()
		case ModeRBAC:
			d = rbac.NewAuthorizer(c.RBAC)
		default:
			return nil, nil, fmt.Errorf("authorization mode %q is not known", mode)
		}
		chain = append(chain, union.NamedAuthorizer{AuthorizerName: mode, Authorizer: metrics.InstrumentedAuthorizer(mode, mode, d)})
		resolvers = append(resolvers, d)
	}
	all, err := union.New(chain...)
	return all, union.NewRuleResolvers(resolvers...), err
}
