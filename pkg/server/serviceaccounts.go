package server

import (
	"context"
	"fmt"
	"net/http"
	"time"

	restful "github.com/emicklei/go-restful/v3"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/klog/v2"

	saauthentication "github.com/gatehouse-k8s/gatehouse/pkg/authentication/serviceaccount"
	"github.com/gatehouse-k8s/gatehouse/pkg/serviceaccount"
)

// serviceAccounts issues and authenticates the tokens of service accounts.
type serviceAccounts struct {
	tokens        *serviceaccount.Tokens
	authenticator authenticator.Token
}

func newServiceAccounts(ctx context.Context, b *base) (*serviceAccounts, error) {
	o := b.options.ServiceAccounts
	config := serviceaccount.Config{
		Issuers:          o.Issuers,
		Audiences:        o.APIAudiences,
		MaxExpiration:    o.MaxExpiration,
		ExtendExpiration: o.ExtendExpiration,
	}
	use := useKeyFiles
	if o.SigningEndpoint != "" {
		use = useExternalSigner
	}
	if err := use(ctx, b, &config); err != nil {
		return nil, err
	}
	tokens := serviceaccount.New(config)
	b.generic.Authentication.APIAudiences = o.APIAudiences
	return &serviceAccounts{tokens, saauthentication.New(saauthentication.Config{
		Tokens:           tokens,
		Objects:          b.objects,
		Client:           b.client,
		SkipLegacyLookup: !o.Lookup,
	})}, nil
}

// useKeyFiles makes the server sign tokens with a key in a file.
func useKeyFiles(_ context.Context, b *base, c *serviceaccount.Config) error {
	o := b.options.ServiceAccounts
	signing, verification := o.SigningKeyFile, o.KeyFiles
	if signing == "" {
		signing = b.keys.ServiceAccountKey
	}
	if len(verification) == 0 && o.SigningKeyFile == "" {
		verification = []string{b.keys.ServiceAccountPublicKey}
	}
	keys, err := serviceaccount.ReadKeys(signing, verification...)
	if err != nil {
		return err
	}
	if c.ExtendExpiration && c.MaxExpiration > 0 && c.MaxExpiration < serviceaccount.ExtendedLife {
		klog.Warningf("service-account-extend-token-expiration is true, enabling tokens valid up to %v, which is longer than service-account-max-token-expiration set to %v",
			serviceaccount.ExtendedLife, c.MaxExpiration)
	}
	b.life.runs(keys.Run)
	c.Keys = keys
	return nil
}

// useExternalSigner makes another process sign tokens, which limits their lifetime as well.
func useExternalSigner(ctx context.Context, b *base, c *serviceaccount.Config) error {
	signer, err := serviceaccount.Connect(ctx, b.options.ServiceAccounts.SigningEndpoint)
	if err != nil {
		return err
	}
	b.life.onClose(signer.Close)
	longest := signer.MaxExpiration
	if c.MaxExpiration > longest {
		return fmt.Errorf("service-account-max-token-expiration cannot be set longer than the token expiration supported by service-account-signing-endpoint: %v > %v",
			c.MaxExpiration, longest)
	}
	if c.MaxExpiration == 0 {
		c.MaxExpiration = longest
	}
	if c.ExtendExpiration && longest < serviceaccount.ExtendedLife {
		klog.Warningf("service-account-extend-token-expiration is true, but tokens are valid for at most %v, the longest lifetime that the signer supports", longest)
	}
	b.life.runs(signer.Run)
	c.Keys, c.MaxExtension = signer, longest
	return nil
}

// discovery serves the OpenID Connect documents with which other parties can
// verify tokens. If the issuer is not a URL from which they could read these
// documents, it logs a warning and serves nothing.
func (s *serviceAccounts) discovery(container *restful.Container, jwksURI string) {
	if err := serviceaccount.CheckDiscoverable(s.tokens.Issuer()); err != nil {
		klog.Warningf("%s is not served: --service-account-issuer: %v", serviceaccount.ConfigurationPath, err)
		return
	}
	container.Add(s.document(serviceaccount.ConfigurationPath, restful.MIME_JSON, "getServiceAccountIssuerOpenIDConfiguration",
		"get service account issuer OpenID configuration, also known as the 'OIDC discovery doc'",
		func() ([]byte, error) { return s.tokens.Configuration(jwksURI) }))
	container.Add(s.document(serviceaccount.JWKSPath, "application/jwk-set+json", "getServiceAccountIssuerOpenIDKeyset",
		"get service account issuer OpenID JSON Web Key Set (contains public token verification keys)", s.tokens.JWKS))
}

// document returns a web service with one document, which clients may cache until the keys
// may have changed.
func (s *serviceAccounts) document(path, contentType, operation, doc string, content func() ([]byte, error)) *restful.WebService {
	service := new(restful.WebService).Path(path).Doc(doc)
	return service.Route(service.GET("").To(func(req *restful.Request, resp *restful.Response) {
		data, err := content()
		if err != nil {
			klog.ErrorS(err, "Failed to create an OpenID Connect document", "path", path)
			http.Error(resp, "Internal Server Error", http.StatusInternalServerError)
			return
		}
		resp.Header().Set(restful.HEADER_ContentType, contentType)
		resp.Header().Set("Cache-Control", fmt.Sprintf("public, max-age=%d", s.tokens.MaxAge()/time.Second))
		_, _ = resp.Write(data)
	}).Produces(contentType).Operation(operation).Doc(doc).Returns(http.StatusOK, "OK", "").Writes(""))
}

// jwksURI returns the URL at which clients find the keys.
func jwksURI(b *base) string {
	if uri := b.options.ServiceAccounts.JWKSURI; uri != "" {
		return uri
	}
	return "https://" + b.generic.ExternalAddress + serviceaccount.JWKSPath
}
