package oidc

import (
	"net/http"

	"k8s.io/apiserver/pkg/authentication/authenticator"
)

// Anonymous returns what decides about requests without credentials: the file
// of --authentication-config has a say in it.
func (a *Authenticator) Anonymous() authenticator.Request {
	return authenticator.RequestFunc(func(r *http.Request) (*authenticator.Response, bool, error) {
		return a.current.Load().anonymous.AuthenticateRequest(r)
	})
}

// nobody lets nobody in.
type nobody struct{}

// AuthenticateRequest implements authenticator.Request.
func (nobody) AuthenticateRequest(*http.Request) (*authenticator.Response, bool, error) {
	return nil, false, nil
}
