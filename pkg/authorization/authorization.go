// Package authorization decides what an authenticated user may do. Members of
// system:masters may do everything; about others the authorizers of a
// configuration are asked in its order, and the first one with an opinion
// decides. The configuration comes from flags, or from a file that is read again
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

// The modes, by their names in --authorization-mode. They are also the types of
// authorizers in a file.
const (
	ModeAlwaysAllow = "AlwaysAllow"
	ModeAlwaysDeny  = "AlwaysDeny"
	ModeABAC        = "ABAC"
	ModeWebhook     = string(apiserver.TypeWebhook)
	ModeRBAC        = "RBAC"
	ModeNode        = "Node"
)

// Modes returns the modes that there are.
func Modes() []string {
	return []string{ModeABAC, ModeAlwaysAllow, ModeAlwaysDeny, ModeNode, ModeRBAC, ModeWebhook}
}

// Config is what authorizers are made of.
type Config struct {
	// PolicyFile has the policies of ABAC.
	PolicyFile string
	// RBAC finds the rules of a user.
	RBAC *rbac.Resolver
	// Client and Served are what the node authorizer reads from: see node.New.
	Client kubernetes.Interface
	Served func(schema.GroupVersionResource) bool
	// Dial, if not nil, makes the connections to webhooks.
	Dial utilnet.DialFunc
	// Backoff is between the tries of a request to a webhook; the zero value
	// stands for kube-apiserver's.
	Backoff wait.Backoff
	// ServerID tells this server from others in the metrics of reloads.
	ServerID string
}

// Authorizer is a configured chain of authorizers, and lists what they allow.
type Authorizer interface {
	authorizer.Authorizer
	authorizer.RuleResolver
}

// New returns the chain of a configuration that does not change. What runs in
// the background ends with the context.
func (c Config) New(ctx context.Context, authorizers []apiserver.AuthorizerConfiguration) (Authorizer, error) {
	return c.builder(ctx).chain(authorizers)
}

// builder makes chains. Those that follow each other share the authorizers that
// have a state: there is only one of each type.
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
