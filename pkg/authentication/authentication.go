// Package authentication builds the chain that finds out who sent a request.
// The methods are tried in kube-apiserver's order; the first that knows the
// credentials decides.
package authentication

import (
	"fmt"

	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/group"
	"k8s.io/apiserver/pkg/authentication/request/anonymous"
	"k8s.io/apiserver/pkg/authentication/request/bearertoken"
	"k8s.io/apiserver/pkg/authentication/request/union"
	"k8s.io/apiserver/pkg/authentication/request/websocket"
	"k8s.io/apiserver/pkg/authentication/request/x509"
	"k8s.io/apiserver/pkg/authentication/token/tokenfile"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
)

// Config says which credentials count.
type Config struct {
	// ClientCA verifies client certificates; nil: there are none.
	ClientCA dynamiccertificates.CAContentProvider
	// TokenFile is a CSV file of static tokens, if not empty.
	TokenFile string
	// ServiceAccounts knows the tokens of service accounts, if not nil.
	ServiceAccounts authenticator.Token
	// Anonymous lets requests without credentials be system:anonymous. A
	// request with wrong credentials is refused all the same.
	Anonymous bool
}

// New returns the chain.
func (c Config) New() (authenticator.Request, error) {
	var methods []authenticator.Request
	if c.ClientCA != nil {
		methods = append(methods, x509.NewDynamic(c.ClientCA.VerifyOptions, x509.CommonNameUserConversion))
	}
	if c.TokenFile != "" {
		tokens, err := tokenfile.NewCSV(c.TokenFile)
		if err != nil {
			return nil, fmt.Errorf("--token-auth-file: %w", err)
		}
		methods = append(methods, bearertoken.New(tokens), websocket.NewProtocolAuthenticator(tokens))
	}
	if c.ServiceAccounts != nil {
		methods = append(methods, bearertoken.New(c.ServiceAccounts), websocket.NewProtocolAuthenticator(c.ServiceAccounts))
	}
	chain := authenticator.Request(group.NewAuthenticatedGroupAdder(union.New(methods...)))
	if c.Anonymous {
		chain = union.NewFailOnError(chain, anonymous.NewAuthenticator(nil))
	}
	return chain, nil
}
