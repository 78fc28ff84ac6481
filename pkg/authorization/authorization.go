// Package authorization decides what an authenticated user may do. Members of
// system:masters may do everything. For other users, the authorizers are asked
// in the configured order, and the first one that allows or denies the request
// decides. The configuration comes from flags, or from a file that is reloaded
// when it changes.
package authorization

import (
	"context"
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/runtime/schema"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/apis/apiserver"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	"k8s.io/apiserver/pkg/authorization/cel"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/pkg/authorization/abac"
	"github.com/gatehouse-k8s/gatehouse/pkg/authorization/node"
	"github.com/gatehouse-k8s/gatehouse/pkg/authorization/rbac"
)

// The modes, as named in --authorization-mode. They are also the types of
// authorizers in a configuration file.
const (
	ModeAlwaysAllow = "AlwaysAllow"
	ModeAlwaysDeny  = "AlwaysDeny"
	ModeABAC        = "ABAC"
	ModeWebhook     = string(apiserver.TypeWebhook)
	ModeRBAC        = "RBAC"
	ModeNode        = "Node"
)

// Modes returns all modes.
func Modes() []string {
	return []string{ModeABAC, ModeAlwaysAllow, ModeAlwaysDeny, ModeNode, ModeRBAC, ModeWebhook}
}

// Config contains what the authorizers need.
type Config struct {
	// PolicyFile contains the policies of the mode ABAC.
	PolicyFile string
	// RBAC finds the rules of a user.
	RBAC *rbac.Resolver
	// Client and Served are passed to the node authorizer; see node.New.
	Client kubernetes.Interface
	Served func(schema.GroupVersionResource) bool
	// Dial, if not nil, opens the connections to webhooks.
	Dial utilnet.DialFunc
	// Backoff determines how failed requests to a webhook are repeated. The
	// zero value means kube-apiserver's backoff.
	Backoff wait.Backoff
	// ServerID identifies this server in the metrics of reloads.
	ServerID string
}

// Authorizer is a configured chain of authorizers. It can also list the rules
// of a user.
type Authorizer interface {
	authorizer.Authorizer
	authorizer.RuleResolver
}

// New returns the chain of a fixed configuration. Background work ends with the
// context.
func (c Config) New(ctx context.Context, authorizers []apiserver.AuthorizerConfiguration) (Authorizer, error) {
	return c.builder(ctx).chain(authorizers)
}

// builder creates chains. The chains that it creates one after another share
// the authorizers that have state, of which there is at most one per type.
type builder struct {
	Config
	ctx context.Context

	node     func() (*node.Authorizer, error)
	abac     func() (*abac.Authorizer, error)
	compiler lazyCompiler
}

func (c Config) builder(ctx context.Context) *builder {
	return &builder{
		Config: c, ctx: ctx,
		node: sync.OnceValues(func() (*node.Authorizer, error) { return node.New(ctx, c.Client, c.Served) }),
		abac: sync.OnceValues(func() (*abac.Authorizer, error) {
			if c.PolicyFile == "" {
				return nil, fmt.Errorf("authorization-mode ABAC's authorization policy file not passed: set --authorization-policy-file")
			}
			return abac.Load(c.PolicyFile)
		}),
		compiler: sync.OnceValue(cel.NewDefaultCompiler),
	}
}

func (b *builder) chain(authorizers []apiserver.AuthorizerConfiguration) (*chain, error) {
	all := newChain()
	for _, config := range authorizers {
		member, err := b.member(config)
		if err != nil {
			return nil, fmt.Errorf("authorizer %q: %w", config.Name, err)
		}
		all.add(string(config.Type), config.Name, member)
	}
	return all.finish(), nil
}

func (b *builder) member(config apiserver.AuthorizerConfiguration) (Authorizer, error) {
	switch string(config.Type) {
	case ModeAlwaysAllow:
		return authorizerfactory.NewAlwaysAllowAuthorizer(), nil
	case ModeAlwaysDeny:
		return authorizerfactory.NewAlwaysDenyAuthorizer(), nil
	case ModeRBAC:
		return rbac.NewAuthorizer(b.RBAC), nil
	case ModeNode:
		return b.node()
	case ModeABAC:
		return b.abac()
	case ModeWebhook:
		return b.webhook(config.Name, config.Webhook)
	}
	return nil, fmt.Errorf("authorization mode %q is not known", config.Type)
}
