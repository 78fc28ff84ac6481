package server

import (
	"net/http"

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

func newServiceAccounts(b *base) (*serviceAccounts, error) {
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
		return nil, err
	}
	if o.ExtendExpiration && o.MaxExpiration > 0 && o.MaxExpiration < serviceaccount.ExtendedLife {
		klog.Warningf("service-account-extend-token-expiration is true, enabling tokens valid up to %v, which is longer than service-account-max-token-expiration set to %v",
			serviceaccount.ExtendedLife, o.MaxExpiration)
	}
	b.life.runs(keys.Run)
	tokens := serviceaccount.New(serviceaccount.Config{
		Keys:             keys,
		Issuers:          o.Issuers,
		Audiences:        o.APIAudiences,
		MaxExpiration:    o.MaxExpiration,
		ExtendExpiration: o.ExtendExpiration,
	})
	b.generic.Authentication.APIAudiences = o.APIAudiences
	return &serviceAccounts{tokens, saauthentication.New(saauthentication.Config{
		Tokens:           tokens,
		Objects:          b.objects,
		Client:           b.client,
		SkipLegacyLookup: !o.Lookup,
	})}, nil
}

// discovery serves the OpenID Connect documents with which other parties can
// verify tokens. If the issuer is not a URL from which they could read these
// documents, it logs a warning and serves nothing.
func (s *serviceAccounts) discovery(container *restful.Container, jwksURI string) {
	if err := serviceaccount.CheckDiscoverable(s.tokens.Issuer()); err != nil {
		klog.Warningf("%s is not served: --service-account-issuer: %v", serviceaccount.ConfigurationPath, err)
		return
	}
	container.Add(document(serviceaccount.ConfigurationPath, restful.MIME_JSON, "getServiceAccountIssuerOpenIDConfiguration",
		"get service account issuer OpenID configuration, also known as the 'OIDC discovery doc'",
		func() ([]byte, error) { return s.tokens.Configuration(jwksURI) }))
	container.Add(document(serviceaccount.JWKSPath, "application/jwk-set+json", "getServiceAccountIssuerOpenIDKeyset",
		"get service account issuer OpenID JSON Web Key Set (contains public token verification keys)", s.tokens.JWKS))
}

// document returns a web service with one document, which clients may cache for
// one hour.
func document(path, contentType, operation, doc string, content func() ([]byte, error)) *restful.WebService {
	service := new(restful.WebService).Path(path).Doc(doc)
	return service.Route(service.GET("").To(func(req *restful.Request, resp *restful.Response) {
		data, err := content()
		if err != nil {
			klog.ErrorS(err, "Failed to create an OpenID Connect document", "path", path)
			http.Error(resp, "Internal Server Error", http.StatusInternalServerError)
			return
		}
		resp.Header().Set(restful.HEADER_ContentType, contentType)
		resp.Header().Set("Cache-Control", "public, max-age=3600")
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
