// Package authentication builds the chain of authenticators, which find out who
// sent a request. The methods are tried in kube-apiserver's order, and the
// first one that accepts the credentials decides. Methods that are not part of
// k8s.io/apiserver have their own package below this one.
package authentication

import (
	"context"
	"fmt"

	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/authenticatorfactory"
	"k8s.io/apiserver/pkg/authentication/group"
	"k8s.io/apiserver/pkg/authentication/request/bearertoken"
	"k8s.io/apiserver/pkg/authentication/request/headerrequest"
	"k8s.io/apiserver/pkg/authentication/request/union"
	"k8s.io/apiserver/pkg/authentication/request/websocket"
	"k8s.io/apiserver/pkg/authentication/request/x509"
	tokenunion "k8s.io/apiserver/pkg/authentication/token/union"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	"k8s.io/utils/clock"

	"github.com/gatehouse-k8s/gatehouse/pkg/authentication/bootstraptoken"
	"github.com/gatehouse-k8s/gatehouse/pkg/authentication/oidc"
	"github.com/gatehouse-k8s/gatehouse/pkg/authentication/tokenfile"
	"github.com/gatehouse-k8s/gatehouse/pkg/authentication/webhook"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
)

// Config configures New. A method whose field is nil or empty is disabled.
type Config struct {
	// Audiences are the audiences of this server. A token that does not name
	// audiences is valid for these.
	Audiences authenticator.Audiences
	// RequestHeader describes the front proxy that is trusted to name the user
	// in headers.
	RequestHeader *authenticatorfactory.RequestHeaderConfig
	// ClientCA verifies client certificates.
	ClientCA dynamiccertificates.CAContentProvider
	// TokenFile is a CSV file of static tokens.
	TokenFile string
	// ServiceAccounts authenticates the tokens of service accounts.
	ServiceAccounts authenticator.Token
	// BootstrapTokens reads the secrets that contain bootstrap tokens.
	BootstrapTokens *objects.Access
	// OIDC configures the OpenID Connect providers, and whether requests
	// without credentials are accepted. A request with invalid credentials is
	// refused in any case.
	OIDC oidc.Config
	// Webhook configures a remote service that authenticates tokens.
	Webhook *webhook.Config
}

// Chain is an authenticator of requests. Run reloads its files.
type Chain struct {
	authenticator.Request
	followers []func(context.Context)
}

// Run reloads the files of the authenticators when they change, until the
// context ends.
func (c *Chain) Run(ctx context.Context) {
	for _, follow := range c.followers {
		go follow(ctx)
	}
}

// New returns the chain for a configuration.
func New(c Config) (*Chain, error) {
	chain := &Chain{}
	var methods []authenticator.Request
	if h := c.RequestHeader; h != nil {
		methods = append(methods, authenticator.WrapAudienceAgnosticRequest(c.Audiences, headerrequest.NewDynamicVerifyOptionsSecure(
			h.CAContentProvider.VerifyOptions, h.AllowedClientNames, h.UsernameHeaders, h.UIDHeaders, h.GroupHeaders, h.ExtraHeaderPrefixes)))
	}
	if c.ClientCA != nil {
		verify := x509.NewDynamic(c.ClientCA.VerifyOptions, x509.CommonNameUserConversion)
		methods = append(methods, authenticator.WrapAudienceAgnosticRequest(c.Audiences, rememberCertificates(verify, c.ClientCA, clock.RealClock{})))
	}
	provider, err := oidc.New(c.OIDC)
	if err != nil {
		return nil, err
	}
	chain.followers = append(chain.followers, provider.Run)
	tokens, err := chain.tokens(c, provider)
	if err != nil {
		return nil, err
	}
	methods = append(methods, bearertoken.New(tokens), websocket.NewProtocolAuthenticator(tokens))
	known := group.NewAuthenticatedGroupAdder(union.New(methods...))
	chain.Request = union.NewFailOnError(known, provider.Anonymous())
	return chain, nil
}

// tokens returns the authenticators of bearer tokens.
func (chain *Chain) tokens(c Config, provider *oidc.Authenticator) (authenticator.Token, error) {
	var methods []authenticator.Token
	if c.TokenFile != "" {
		file, err := tokenfile.New(c.TokenFile)
		if err != nil {
			return nil, fmt.Errorf("--token-auth-file: %w", err)
		}
		chain.followers = append(chain.followers, file.Run)
		methods = append(methods, authenticator.WrapAudienceAgnosticToken(c.Audiences, file))
	}
	if c.ServiceAccounts != nil {
		methods = append(methods, c.ServiceAccounts)
	}
	if c.BootstrapTokens != nil {
		methods = append(methods, authenticator.WrapAudienceAgnosticToken(c.Audiences, &bootstraptoken.Authenticator{Objects: c.BootstrapTokens}))
	}
	methods = append(methods, provider)
	if c.Webhook != nil {
		remote, err := webhook.New(*c.Webhook, c.Audiences)
		if err != nil {
			return nil, fmt.Errorf("--authentication-token-webhook-config-file: %w", err)
		}
		methods = append(methods, remote)
	}
	return tokenunion.New(methods...), nil
}
