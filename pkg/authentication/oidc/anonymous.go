package oidc

import (
	"net/http"

	"k8s.io/apiserver/pkg/authentication/authenticator"
)

// Anonymous returns the authenticator of requests without credentials. The file
// of --authentication-config can restrict them to certain paths.
func (a *Authenticator) Anonymous() authenticator.Request {
	return authenticator.RequestFunc(func(r *http.Request) (*authenticator.Response, bool, error) {
		return a.current.Load().anonymous.AuthenticateRequest(r)
	})
}

// nobody accepts no request without credentials.
type nobody struct{}

// AuthenticateRequest implements authenticator.Request.
func (nobody) AuthenticateRequest(*http.Request) (*authenticator.Response, bool, error) {
	return nil, false, nil
}
