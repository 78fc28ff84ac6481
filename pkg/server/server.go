package server

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	genericapiserver "k8s.io/apiserver/pkg/server"
	restclient "k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
	"github.com/gatehouse-k8s/gatehouse/pkg/customresources"
	"github.com/gatehouse-k8s/gatehouse/pkg/generated/openapi"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/bootstrap"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/options"
)

// Server is an API server that is ready to run.
type Server struct {
	// URL is where it listens.
	URL string
	// Kubeconfig is the file with the administrator's credentials.
	Kubeconfig string

	config     *Config
	generic    *genericapiserver.GenericAPIServer
	extensions *customresources.Server

	mu sync.Mutex
	// closing is called when the server stops.
	closing []func()
}

// New makes a server from completed options. It holds the port and the data
// directory: Run gives them back when it ends, or Close without a Run.
func New(ctx context.Context, o options.Completed) (*Server, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	c, err := NewConfig(ctx, o)
	if err != nil {
		return nil, err
	}
	s := &Server{config: c}
	if err := s.assemble(); err != nil {
		c.close()
		return nil, err
	}
	return s, nil
}

func (s *Server) assemble() (err error) {
	c := s.config
	delegate, extensions, err := c.extend()
	if err != nil {
		return err
	}
	if s.generic, err = c.Generic.Complete(c.informers).New("kube-apiserver", delegate); err != nil {
		return err
	}
	if s.extensions = extensions; extensions != nil {
		if c.aggregator != nil {
			extensions.Register(c.aggregator)
		}
		if err := extensions.Install(s.generic, c.groupNames()); err != nil {
			return err
		}
	}
	in := &installer{
		server:           s.generic,
		config:           c.Generic,
		deps:             c.deps(),
		typeConverter:    c.schemas.typeConverter(apis.Scheme, openapi.GetOpenAPIDefinitions),
		ownTypeConverter: c.extensionTypes,
	}
	if err := in.install(c.Groups); err != nil {
		return err
	}
	c.serviceAccounts.discovery(s.generic.Handler.GoRestfulContainer, c.jwksURI())
	info := bootstrap.AuthenticationInfo{ClientCA: c.ca, RequestHeader: c.Generic.Authentication.RequestHeaderConfig}
	if err := bootstrap.AddHooks(s.generic, c.client, c.informers, info, c.bootstrapServices(), c.serves); err != nil {
		return err
	}
	if err := s.installAggregator(); err != nil {
		return err
	}
	host, port, err := genericapiserver.LoopbackHostPort(c.Generic.SecureServing.Listener.Addr().String())
	if err != nil {
		return err
	}
	s.URL = "https://" + net.JoinHostPort(host, port)
	s.Kubeconfig, err = c.kubeconfig(s.URL)
	return err
}

// ClientConfig returns the administrator's client configuration.
func (s *Server) ClientConfig() (*restclient.Config, error) {
	return clientcmd.BuildConfigFromFlags("", s.Kubeconfig)
}

// Run serves until the context ends, then lets requests finish and closes
// everything.
func (s *Server) Run(ctx context.Context) error {
	defer s.config.close()
	defer s.close()
	prepared := s.generic.PrepareRun()
	if err := s.config.schemas.install(s.generic, s.extensions, s.config.aggregator); err != nil {
		return fmt.Errorf("OpenAPI: %w", err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	for _, run := range s.config.background {
		go run(ctx)
	}
	if s.config.etcd == nil {
		return prepared.RunWithContext(ctx)
	}
	go func() {
		select {
		case err := <-s.config.etcd.Err():
			cancel(fmt.Errorf("etcd has stopped: %w", err))
		case <-ctx.Done():
		}
	}()
	err := prepared.RunWithContext(ctx)
	if cause := context.Cause(ctx); err == nil && cause != ctx.Err() {
		return cause
	}
	return err
}

// onClose adds something that ends with the server.
func (s *Server) onClose(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closing = append(s.closing, f)
}

func (s *Server) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.closing {
		f()
	}
}

// Close gives back what New has opened, for a server that never ran.
func (s *Server) Close() { s.config.close() }

// Ready waits until /readyz answers ok.
func (s *Server) Ready(ctx context.Context) error {
	client := s.config.client.Discovery().RESTClient()
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
