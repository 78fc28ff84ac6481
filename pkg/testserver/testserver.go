// Package testserver runs an API server inside a Go test, the way
// httptest.Server runs an HTTP server.
package testserver

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/spf13/pflag"
	restclient "k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/server"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/options"
)

// readyTimeout is long enough for a busy machine.
const readyTimeout = time.Minute

// Server is a running API server.
type Server struct {
	// URL is where it listens, such as https://127.0.0.1:40123.
	URL string
	// Config is the administrator's client configuration, without a rate limit.
	Config *restclient.Config
	// Kubeconfig is a file with the same credentials.
	Kubeconfig string

	apiserver *server.Server
	cancel    context.CancelFunc
	stopped   chan struct{}
	err       error
}

// Start runs a server with flags such as --emulated-version=1.36 on a free port
// of the loopback address, with an etcd of its own in a temporary directory. It
// returns when the server is ready and stops it when the test ends. The
// emulated version and the feature gates are shared by all servers of a
// process.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	s, err := New(t.Context(), append([]string{"--data-dir=" + t.TempDir()}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// New is Start without a test: the caller chooses --data-dir and calls Stop.
// The context bounds the start, not the life of the server.
func New(ctx context.Context, args ...string) (*Server, error) {
	o := options.New()
	flags := pflag.NewFlagSet("testserver", pflag.ContinueOnError)
	for _, section := range o.Flags().FlagSets {
		flags.AddFlagSet(section)
	}
	args = append([]string{"--secure-port=0"}, args...)
	if err := flags.Parse(args); err != nil {
		return nil, fmt.Errorf("testserver: %w", err)
	}
	o.SecureServing.Required = false // lets the kernel choose the port
	if len(o.Etcd.StorageConfig.Transport.ServerList) == 0 {
		o.Data.EtcdNoSync = true // a test does not outlive a crash of the machine
	}
	completed, err := o.Complete()
	if err != nil {
		return nil, fmt.Errorf("testserver: %w", err)
	}
	apiserver, err := server.New(ctx, completed)
	if err != nil {
		return nil, fmt.Errorf("testserver: %w", err)
	}
	s := &Server{URL: apiserver.URL, Kubeconfig: apiserver.Kubeconfig, apiserver: apiserver, stopped: make(chan struct{})}
	runCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel = cancel
	go func() {
		defer close(s.stopped)
		s.err = apiserver.Run(runCtx)
	}()
	ctx, cancelReady := context.WithTimeout(ctx, readyTimeout)
	defer cancelReady()
	if err := apiserver.Ready(ctx); err != nil {
		return nil, fmt.Errorf("testserver: %w", errors.Join(err, s.Stop()))
	}
	if s.Config, err = apiserver.ClientConfig(); err != nil {
		return nil, fmt.Errorf("testserver: %w", errors.Join(err, s.Stop()))
	}
	s.Config.QPS = -1
	return s, nil
}

// RegisterAPI makes an aggregated API part of the server's, as
// [server.Server.RegisterAPI] does. It stays until the server stops.
func (s *Server) RegisterAPI(ctx context.Context, api server.API) error {
	_, err := s.apiserver.RegisterAPI(ctx, api)
	return err
}

// IssueServing returns a serving certificate for the hosts, its key and the
// certificate of the server's CA, all PEM.
func (s *Server) IssueServing(hosts ...string) (cert, key, ca []byte, err error) {
	return s.apiserver.IssueServing(hosts...)
}

// Stop ends the server and waits until everything of it is closed. It can be
// called twice.
func (s *Server) Stop() error {
	s.cancel()
	<-s.stopped
	return s.err
}
