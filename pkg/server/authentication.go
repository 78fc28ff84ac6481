package server

import (
	"fmt"

	"k8s.io/apiserver/pkg/authentication/authenticatorfactory"
	"k8s.io/apiserver/pkg/authentication/request/headerrequest"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	genericoptions "k8s.io/apiserver/pkg/server/options"

	"github.com/gatehouse-k8s/gatehouse/pkg/authentication"
	"github.com/gatehouse-k8s/gatehouse/pkg/authentication/oidc"
	"github.com/gatehouse-k8s/gatehouse/pkg/authentication/webhook"
)

// applyAuthentication builds the chain of authenticators.
func (c *Config) applyAuthentication() error {
	o, g := c.Options.Authentication, c.Generic
	var err error
	if c.ca, err = c.clientCA(); err != nil {
		return err
	}
	if err := g.Authentication.ApplyClientCert(c.ca, g.SecureServing); err != nil {
		return err
	}
	if g.Authentication.RequestHeaderConfig, err = c.requestHeader(); err != nil {
		return fmt.Errorf("--requestheader-client-ca-file: %w", err)
	}
	if err := g.Authentication.ApplyClientCert(g.Authentication.RequestHeaderConfig.CAContentProvider, g.SecureServing); err != nil {
		return err
	}
	config := authentication.Config{
		Audiences:     g.Authentication.APIAudiences,
		RequestHeader: g.Authentication.RequestHeaderConfig,
		ClientCA:      c.ca,
		TokenFile:     o.TokenFile,

		ServiceAccounts: c.serviceAccounts.authenticator,
		OIDC: oidc.Config{
			File:        o.ConfigFile,
			SigningAlgs: o.OIDCSigningAlgs,
			Anonymous:   c.anonymous(),
			FlagDecides: o.AnonymousChosen(),

			DisallowedIssuers: c.Options.ServiceAccounts.Issuers,
			Audiences:         g.Authentication.APIAudiences,
			ServerID:          g.APIServerID,
		},
	}
	if o.OIDC.IssuerURL != "" {
		config.OIDC.Flags = &o.OIDC
	}
	if g.EgressSelector != nil {
		config.OIDC.Egress = g.EgressSelector.Lookup
	}
	if o.BootstrapTokens {
		config.BootstrapTokens = &c.objects
	}
	if o.WebhookConfigFile != "" {
		config.Webhook = &webhook.Config{File: o.WebhookConfigFile, Version: o.WebhookVersion, CacheTTL: o.WebhookCacheTTL,
			Backoff: *genericoptions.DefaultAuthWebhookRetryBackoff()}
	}
	chain, err := authentication.New(config)
	if err != nil {
		return err
	}
	g.Authentication.Authenticator = chain
	c.background = append(c.background, chain.Run)
	return nil
}

// anonymous is --anonymous-auth, except that requests without credentials never
// come in where everybody may do everything.
func (c *Config) anonymous() bool {
	return c.Options.Authentication.Anonymous && !c.alwaysAllows()
}

// clientCA is the CA of client certificates.
func (c *Config) clientCA() (dynamiccertificates.CAContentProvider, error) {
	own, err := dynamiccertificates.NewDynamicCAContentFromFile("client-ca-bundle", c.keys.CA.CertFile)
	if err != nil {
		return nil, err
	}
	file := c.Options.Authentication.ClientCAFile
	if file == "" {
		return own, nil
	}
	given, err := dynamiccertificates.NewDynamicCAContentFromFile("client-ca-bundle", file)
	if err != nil {
		return nil, fmt.Errorf("--client-ca-file: %w", err)
	}
	// The administrator's kubeconfig goes on working beside it.
	return dynamiccertificates.NewUnionCAContentProvider(given, own), nil
}

// requestHeader says which front proxy is trusted: that of the flags, or else
// the one with our own certificate.
func (c *Config) requestHeader() (*authenticatorfactory.RequestHeaderConfig, error) {
	o := c.Options.Authentication.RequestHeader
	if o.ClientCAFile != "" {
		return o.ToAuthenticationRequestHeaderConfig()
	}
	ca, err := dynamiccertificates.NewDynamicCAContentFromFile("request-header", c.keys.FrontProxyCA.CertFile)
	if err != nil {
		return nil, err
	}
	return &authenticatorfactory.RequestHeaderConfig{
		UsernameHeaders:     headerrequest.StaticStringSlice{"X-Remote-User"},
		UIDHeaders:          headerrequest.StaticStringSlice{"X-Remote-Uid"},
		GroupHeaders:        headerrequest.StaticStringSlice{"X-Remote-Group"},
		ExtraHeaderPrefixes: headerrequest.StaticStringSlice{"X-Remote-Extra-"},
		CAContentProvider:   ca,
		AllowedClientNames:  headerrequest.StaticStringSlice{"front-proxy-client"},
	}, nil
}
