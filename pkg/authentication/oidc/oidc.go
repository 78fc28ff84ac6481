// Package oidc authenticates ID tokens of OpenID Connect providers. The
// providers are configured by the --oidc-* flags or by the file of
// --authentication-config (KEP-3331), which is reloaded when it changes.
package oidc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/apis/apiserver"
	"k8s.io/apiserver/pkg/apis/apiserver/validation"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	authenticationcel "k8s.io/apiserver/pkg/authentication/cel"
	"k8s.io/apiserver/pkg/authentication/request/anonymous"
	"k8s.io/apiserver/pkg/authentication/token/cache"
	tokenunion "k8s.io/apiserver/pkg/authentication/token/union"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	"k8s.io/apiserver/pkg/server/egressselector"
	"k8s.io/apiserver/pkg/server/options/authenticationconfig/metrics"
	"k8s.io/apiserver/plugin/pkg/authenticator/token/oidc"
	"k8s.io/klog/v2"

	"github.com/gatehouse-k8s/gatehouse/pkg/filewatch"
)

const (
	// cacheTTL is how long a verified token is cached, as in kube-apiserver.
	cacheTTL = 10 * time.Second
	// patience is how long a reload waits until all providers of the new
	// configuration are healthy, before it fails. After a successful reload,
	// the providers of the old configuration stay open for the same time, for
	// requests that still use them.
	patience = time.Minute
)

// Config configures New.
type Config struct {
	// File, if not empty, is the path of an AuthenticationConfiguration.
	File string
	// Flags, if not nil, are used if File is empty.
	Flags *Flags
	// SigningAlgs are the algorithms that the provider of the flags may use.
	// Providers in a file may use all algorithms that are secure.
	SigningAlgs []string
	// Anonymous accepts requests without credentials, unless the file says
	// otherwise.
	Anonymous bool
	// FlagDecides makes a file invalid that configures anonymous requests,
	// because the flag does so already.
	FlagDecides bool
	// DisallowedIssuers are the issuers of service account tokens. Providers
	// must not use them.
	DisallowedIssuers []string
	// Audiences are the audiences of this server.
	Audiences authenticator.Audiences
	// Egress returns the dialer for connections to the providers.
	Egress egressselector.Lookup
	// ServerID identifies this server in metrics.
	ServerID string
}

// Authenticator authenticates with the configuration that is currently in
// effect.
type Authenticator struct {
	config   Config
	compiler func() authenticationcel.Compiler
	content  []byte
	current  atomic.Pointer[state]
}

// state is one loaded configuration.
type state struct {
	tokens    authenticator.Token
	anonymous authenticator.Request
	healthy   func() error
	stop      context.CancelFunc
}

// New loads the configuration. The providers need not be available yet; the
// tokens of a provider are refused until it is.
func New(c Config) (*Authenticator, error) {
	a := &Authenticator{config: c, compiler: sync.OnceValue(authenticationcel.NewDefaultCompiler)}
	config := &apiserver.AuthenticationConfiguration{}
	var err error
	switch {
	case c.File != "":
		metrics.RegisterMetrics()
		if a.content, err = os.ReadFile(c.File); err != nil {
			return nil, err
		}
		if config, err = Parse(a.content); err != nil {
			return nil, fmt.Errorf("%s: %w", c.File, err)
		}
		metrics.RecordAuthenticationConfigLastConfigInfo(c.ServerID, string(a.content))
	case c.Flags != nil:
		if config, err = c.Flags.Configuration(); err != nil {
			return nil, err
		}
	}
	s, err := a.load(config)
	if err != nil {
		return nil, err
	}
	a.current.Store(s)
	return a, nil
}

// load creates the authenticators of a configuration. The stop function of the
// state ends their background work.
func (a *Authenticator) load(config *apiserver.AuthenticationConfiguration) (*state, error) {
	if len(config.JWT) > 0 || config.Anonymous != nil {
		if err := validation.ValidateAuthenticationConfiguration(a.compiler(), config, a.config.DisallowedIssuers).ToAggregate(); err != nil {
			return nil, err
		}
	}
	if config.Anonymous != nil && a.config.FlagDecides {
		return nil, errors.New("--anonymous-auth flag cannot be set when anonymous field is configured in authentication configuration file")
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &state{stop: cancel, anonymous: nobody{}}
	var tokens []authenticator.Token
	var checks []func() error
	for _, jwt := range config.JWT {
		t, err := a.provider(ctx, jwt)
		if err != nil {
			cancel()
			return nil, err
		}
		tokens, checks = append(tokens, authenticator.WrapAudienceAgnosticToken(a.config.Audiences, t)), append(checks, t.HealthCheck)
	}
	if len(tokens) > 0 {
		s.tokens = cache.New(tokenunion.New(tokens...), true, cacheTTL, 0)
	}
	s.healthy = func() (err error) {
		for _, check := range checks {
			err = errors.Join(err, check())
		}
		return err
	}
	if c := config.Anonymous; c != nil && c.Enabled {
		s.anonymous = anonymous.NewAuthenticator(c.Conditions)
	} else if c == nil && a.config.Anonymous {
		s.anonymous = anonymous.NewAuthenticator(nil)
	}
	return s, nil
}

func (a *Authenticator) provider(ctx context.Context, jwt apiserver.JWTAuthenticator) (oidc.AuthenticatorTokenWithHealthCheck, error) {
	options := oidc.Options{
		JWTAuthenticator:     jwt,
		EgressLookup:         a.config.Egress,
		Compiler:             a.compiler(),
		SupportedSigningAlgs: a.config.SigningAlgs,
		DisallowedIssuers:    a.config.DisallowedIssuers,
		APIServerID:          a.config.ServerID,
	}
	if a.config.File != "" {
		options.SupportedSigningAlgs = oidc.AllValidSigningAlgorithms()
	}
	if ca := jwt.Issuer.CertificateAuthority; ca != "" {
		var err error
		if options.CAContentProvider, err = dynamiccertificates.NewStaticCAContent("oidc-authenticator", []byte(ca)); err != nil {
			return nil, fmt.Errorf("certificate authority of issuer %s: %w", jwt.Issuer.URL, err)
		}
	}
	return oidc.New(ctx, options)
}

// Run reloads the file, if there is one, when it changes. It returns when the
// context ends.
func (a *Authenticator) Run(ctx context.Context) {
	defer func() { a.current.Load().stop() }()
	if a.config.File == "" {
		<-ctx.Done()
		return
	}
	filewatch.Watch(ctx, a.config.File, a.content, func(content []byte) {
		if err := a.reload(ctx, content); err != nil {
			klog.FromContext(ctx).Error(err, "Failed to reload the authentication configuration, the previous one stays in effect", "file", a.config.File)
			metrics.RecordAuthenticationConfigAutomaticReloadFailure(a.config.ServerID)
			return
		}
		metrics.RecordAuthenticationConfigAutomaticReloadSuccess(a.config.ServerID, string(content))
	})
}

// reload puts a new configuration into effect as soon as all its providers are
// healthy.
func (a *Authenticator) reload(ctx context.Context, content []byte) error {
	config, err := Parse(content)
	if err != nil {
		return err
	}
	next, err := a.load(config)
	if err != nil {
		return err
	}
	var last error
	if err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, patience, true, func(context.Context) (bool, error) {
		last = next.healthy()
		return last == nil, nil
	}); err != nil {
		next.stop()
		return errors.Join(err, last)
	}
	old := a.current.Swap(next)
	time.AfterFunc(patience, old.stop)
	return nil
}

// AuthenticateToken implements authenticator.Token.
func (a *Authenticator) AuthenticateToken(ctx context.Context, token string) (*authenticator.Response, bool, error) {
	if tokens := a.current.Load().tokens; tokens != nil {
		return tokens.AuthenticateToken(ctx, token)
	}
	return nil, false, nil
}
