package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	genericapifilters "k8s.io/apiserver/pkg/endpoints/filters"
	genericapiserver "k8s.io/apiserver/pkg/server"

	"github.com/gatehouse-k8s/gatehouse/pkg/aggregator/registered"
)

// API is an aggregated API: group versions that another server serves, at a URL
// or as a handler in this process.
type API = registered.API

// RegisterAPI makes an API part of this server's and returns when clients can use
// it: its APIServices are available and it is in discovery. The server has to
// run. The context bounds the call alone; the API stays until the server stops,
// or until the returned function is called, which deletes the APIServices and
// closes the port of a Handler. After a restart of the server the API has to be
// registered again; until then it answers 503.
func (s *Server) RegisterAPI(ctx context.Context, api API) (unregister func(context.Context) error, err error) {
	if s.aggregator == nil {
		return nil, errors.New("RegisterAPI: the server does not serve apiregistration.k8s.io/v1")
	}
	unregister, err = api.Register(ctx, registered.Host{
		Client:   s.base.generic.LoopbackClientConfig,
		Backends: s.aggregator,
		CA:       func() ([]byte, error) { return os.ReadFile(s.base.keys.CA.CertFile) },
		IssueServing: func(hosts ...string) (cert, key []byte, err error) {
			return s.base.keys.IssueServing(time.Now(), hosts...)
		},
		Protect: s.protect,
		OnClose: s.base.life.onClose,
	})
	if err != nil {
		return nil, fmt.Errorf("RegisterAPI: %w", err)
	}
	return unregister, nil
}

// IssueServing returns a certificate for the hosts, signed by this server's CA,
// its key, and the certificate of the CA, all PEM: for the server of an
// aggregated API or of a webhook.
func (s *Server) IssueServing(hosts ...string) (cert, key, ca []byte, err error) {
	if cert, key, err = s.base.keys.IssueServing(time.Now(), hosts...); err != nil {
		return nil, nil, nil, err
	}
	ca, err = os.ReadFile(s.base.keys.CA.CertFile)
	return cert, key, ca, err
}

// protect asks for every request to a handler who the user is, which the front
// proxy tells, and whether he may do that.
func (s *Server) protect(handler http.Handler) http.Handler {
	g := s.base.generic
	handler = genericapifilters.WithAuthorization(handler, g.Authorization.Authorizer, g.Serializer)
	handler = genericapifilters.WithAuthentication(handler, g.Authentication.Authenticator,
		genericapifilters.Unauthorized(g.Serializer), g.Authentication.APIAudiences, g.Authentication.RequestHeaderConfig)
	handler = genericapifilters.WithRequestInfo(handler, genericapiserver.NewRequestInfoResolver(g))
	return genericapifilters.WithAuditInit(handler)
}
