package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"

	genericapifilters "k8s.io/apiserver/pkg/endpoints/filters"
	genericapiserver "k8s.io/apiserver/pkg/server"

	"github.com/gatehouse-k8s/gatehouse/pkg/aggregator/registered"
)

// errNoKeys is the error where a server needs a CA of its own and has none.
var errNoKeys = errors.New("the server has no data directory, and so no CA of its own: set --data-dir")

// API is an aggregated API: group versions that are served by another server at
// a URL, or by a handler in this process.
type API = registered.API

// RegisterAPI adds an aggregated API to this server, which must be running. It
// returns when clients can use the API: the APIServices are available and
// discovery lists the resources. The context limits only the time of this call.
// The API stays until the server stops, or until unregister is called, which
// deletes the APIServices and closes the port of a Handler. After a restart of
// the server the API must be registered again; until then requests for it are
// answered with 503.
func (s *Server) RegisterAPI(ctx context.Context, api API) (unregister func(context.Context) error, err error) {
	if s.aggregator == nil {
		return nil, errors.New("RegisterAPI: the server does not serve apiregistration.k8s.io/v1")
	}
	if s.base.keys == nil {
		return nil, fmt.Errorf("RegisterAPI: %w", errNoKeys)
	}
	unregister, err = api.Register(ctx, registered.Host{
		Client:   s.base.generic.LoopbackClientConfig,
		Backends: s.aggregator,
		CA:       func() ([]byte, error) { return os.ReadFile(s.base.keys.CA.CertFile) },
		IssueServing: func(hosts ...string) (cert, key []byte, err error) {
			return s.base.keys.IssueServing(s.base.clock.Now(), hosts...)
		},
		Protect: s.protect,
		OnClose: s.base.life.onClose,
	})
	if err != nil {
		return nil, fmt.Errorf("RegisterAPI: %w", err)
	}
	return unregister, nil
}

// IssueServing creates a serving certificate for the hosts, for example for an
// aggregated API server or a webhook. It returns the certificate, its key and
// the certificate of the CA that signed it, which is this server's CA, all in
// PEM.
func (s *Server) IssueServing(hosts ...string) (cert, key, ca []byte, err error) {
	if s.base.keys == nil {
		return nil, nil, nil, errNoKeys
	}
	if cert, key, err = s.base.keys.IssueServing(s.base.clock.Now(), hosts...); err != nil {
		return nil, nil, nil, err
	}
	ca, err = os.ReadFile(s.base.keys.CA.CertFile)
	return cert, key, ca, err
}

// protect authenticates and authorizes each request before it reaches the
// handler. The front proxy headers of the request name the user.
func (s *Server) protect(handler http.Handler) http.Handler {
	g := s.base.generic
	handler = genericapifilters.WithAuthorization(handler, g.Authorization.Authorizer, g.Serializer)
	handler = genericapifilters.WithAuthentication(handler, g.Authentication.Authenticator,
		genericapifilters.Unauthorized(g.Serializer), g.Authentication.APIAudiences, g.Authentication.RequestHeaderConfig)
	handler = genericapifilters.WithRequestInfo(handler, genericapiserver.NewRequestInfoResolver(g))
	return genericapifilters.WithAuditInit(handler)
}
