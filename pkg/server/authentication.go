package server

import (
	"fmt"

	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/authenticatorfactory"
	"k8s.io/apiserver/pkg/authentication/request/headerrequest"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	"k8s.io/klog/v2"

	"github.com/gatehouse-k8s/gatehouse/pkg/authentication"
	"github.com/gatehouse-k8s/gatehouse/pkg/authentication/oidc"
	"github.com/gatehouse-k8s/gatehouse/pkg/authentication/webhook"
)

// applyAuthentication builds the chain of authenticators, which includes
// accounts, the authenticator of service account tokens. It returns the CA of
// client certificates.
func applyAuthentication(b *base, accounts authenticator.Token) (dynamiccertificates.CAContentProvider, error) {
	o, g := b.options.Authentication, b.generic
	ca, err := clientCA(b)
	if err != nil {
		return nil, err
	}
	if err := g.Authentication.ApplyClientCert(ca, g.SecureServing); err != nil {
		return nil, err
	}
	if g.Authentication.RequestHeaderConfig, err = requestHeader(b); err != nil {
		return nil, fmt.Errorf("--requestheader-client-ca-file: %w", err)
	}
	if proxy := g.Authentication.RequestHeaderConfig; proxy != nil {
		if err := g.Authentication.ApplyClientCert(proxy.CAContentProvider, g.SecureServing); err != nil {
			return nil, err
		}
	}
	config := authentication.Config{
		Audiences:     g.Authentication.APIAudiences,
		RequestHeader: g.Authentication.RequestHeaderConfig,
		ClientCA:      ca,
		TokenFile:     o.TokenFile,

		ServiceAccounts: accounts,
		OIDC: oidc.Config{
			File:        o.ConfigFile,
			SigningAlgs: o.OIDCSigningAlgs,
			Anonymous:   anonymous(b),
			FlagDecides: o.AnonymousChosen(),

			DisallowedIssuers: b.options.ServiceAccounts.Issuers,
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
		config.BootstrapTokens = b.objects
	}
	if o.WebhookConfigFile != "" {
		config.Webhook = &webhook.Config{File: o.WebhookConfigFile, Version: o.WebhookVersion, CacheTTL: o.WebhookCacheTTL,
			Backoff: *genericoptions.DefaultAuthWebhookRetryBackoff()}
	}
	chain, err := authentication.New(config)
	if err != nil {
		return nil, err
	}
	g.Authentication.Authenticator = authenticateWithRoom{chain}
	b.life.runs(chain.Run)
	return ca, nil
}

// anonymous returns --anonymous-auth, but false if everybody may do everything:
// like kube-apiserver, the server never combines anonymous requests with
// AlwaysAllow, and /flagz shows it.
func anonymous(b *base) bool {
	if b.options.Authentication.Anonymous && alwaysAllows(b) {
		klog.Warning("--authorization-mode AlwaysAllow: requests without credentials are refused, as if there were --anonymous-auth=false")
		b.options.Authentication.Anonymous = false
	}
	return b.options.Authentication.Anonymous
}

// clientCA returns the CA that verifies client certificates.
func clientCA(b *base) (dynamiccertificates.CAContentProvider, error) {
	var given, own dynamiccertificates.CAContentProvider
	var err error
	if file := b.options.Authentication.ClientCAFile; file != "" {
		if given, err = dynamiccertificates.NewDynamicCAContentFromFile("client-ca-bundle", file); err != nil {
			return nil, fmt.Errorf("--client-ca-file: %w", err)
		}
	}
	if b.keys == nil {
		return given, nil
	}
	if own, err = dynamiccertificates.NewDynamicCAContentFromFile("client-ca-bundle", b.keys.CA.CertFile); err != nil || given == nil {
		return own, err
	}
	// Both CAs are accepted, so that the administrator's kubeconfig stays
	// valid.
	return dynamiccertificates.NewUnionCAContentProvider(given, own), nil
}

// requestHeader returns the configuration of the trusted front proxy: the one
// that the flags describe or, without these flags, a proxy that uses the front
// proxy certificate of the data directory. Without a data directory there is none.
func requestHeader(b *base) (*authenticatorfactory.RequestHeaderConfig, error) {
	o := b.options.Authentication.RequestHeader
	if o.ClientCAFile != "" {
		return o.ToAuthenticationRequestHeaderConfig()
	}
	if b.keys == nil {
		return nil, nil
	}
	ca, err := dynamiccertificates.NewDynamicCAContentFromFile("request-header", b.keys.FrontProxyCA.CertFile)
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
