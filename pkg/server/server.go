package server

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"k8s.io/apiserver/pkg/authentication/authenticator"
	genericapiserver "k8s.io/apiserver/pkg/server"
	restclient "k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/gatehouse-k8s/gatehouse/pkg/aggregator"
	"github.com/gatehouse-k8s/gatehouse/pkg/customresources"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/install"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/options"
)

// Server is an API server that is ready to run.
type Server struct {
	// URL is the address on which the server listens.
	URL string
	// Kubeconfig is the path of the file with the administrator's credentials. It is
	// empty if the server has no data directory.
	Kubeconfig string

	base    *base
	generic *genericapiserver.GenericAPIServer
	// routes are those of the built-in resources.
	routes *install.Routes
	// extensions serves custom resources; aggregator handles requests before
	// all other parts. Each is nil if the resource that configures it is not
	// served.
	extensions *customresources.Server
	aggregator *aggregator.Aggregator
}

// New creates a server from completed options. It opens the port and the data
// directory. They are released when Run returns or, if Run is not called, by
// Close.
func New(ctx context.Context, o options.Completed) (*Server, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	registerMetrics()
	life := &lifetime{}
	b, err := open(ctx, o, life)
	if err != nil {
		life.close()
		return nil, err
	}
	s, err := assemble(ctx, b)
	if err != nil {
		life.close()
		return nil, err
	}
	return s, nil
}

// ClientConfig returns the administrator's client configuration.
func (s *Server) ClientConfig() (*restclient.Config, error) {
	if s.base.keys == nil {
		return nil, errNoKeys
	}
	return clientcmd.BuildConfigFromFlags("", s.Kubeconfig)
}

// Run serves until the context ends. It then lets requests finish and closes
// everything that New has opened. If etcd cannot go on, for example because a
// write to the disk has failed, Run returns an error at once and closes
// nothing: requests that wait for etcd never end. The process should end then.
func (s *Server) Run(ctx context.Context) error {
	prepared := s.generic.PrepareRun()
	s.base.documents.Install(s.generic, s.routes.Complete, s.extensions, s.aggregator)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// A hook of the library starts them as well, but without the context, in which the
	// logger is.
	s.base.itself.Serve(s.generic.Handler)
	s.base.informers.start(ctx)
	s.base.life.start(ctx)
	var failed <-chan error // nil, on which nothing is received, without an embedded etcd
	if s.base.etcd != nil {
		failed = s.base.etcd.Err()
	}
	ended := make(chan error, 1)
	go func() { ended <- prepared.RunWithContext(ctx) }()
	go func() {
		<-s.base.generic.DrainedNotify()
		s.base.itself.Stop()
		s.base.kubelets.Close()
		s.base.connections.closeQuiet()
	}()
	select {
	case err := <-ended:
		s.Close()
		return err
	case err := <-failed:
		return fmt.Errorf("etcd has stopped: %w", err)
	}
}

// Handler answers requests as the port does. Programs that contain the server can
// call it, or serve it at a port of their own; the server verifies the client
// certificates in the requests itself. Run must have been called, and before Ready has
// returned, some requests are refused.
func (s *Server) Handler() http.Handler { return s.generic.Handler }

// Authenticator tells who has sent a request, as the server itself does. Programs that
// contain the server can use it for requests that they answer themselves.
func (s *Server) Authenticator() authenticator.Request {
	return s.base.generic.Authentication.Authenticator
}

// Close releases what New has opened. It is only needed if Run is not called.
func (s *Server) Close() { s.base.life.close() }

// Ready waits until /readyz answers 200, or until the context ends.
func (s *Server) Ready(ctx context.Context) error {
	client := s.base.client.Discovery().RESTClient()
	for {
		err := client.Get().AbsPath("/readyz").Do(ctx).Error()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not ready: %w", err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}
