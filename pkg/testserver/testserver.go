// Package testserver runs an API server in a Go test, in the same way as
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

// readyTimeout is a time limit that is long enough for a busy machine.
const readyTimeout = time.Minute

// Server is a running API server.
type Server struct {
	// URL is the address of the server, such as https://127.0.0.1:40123.
	URL string
	// Config is the client configuration of the administrator, without a rate
	// limit.
	Config *restclient.Config
	// Kubeconfig is the path of a kubeconfig with the same credentials.
	Kubeconfig string

	apiserver *server.Server
	cancel    context.CancelFunc
	stopped   chan struct{}
	err       error
}

// Start runs a server on a free port of the loopback address, with its own etcd
// in a temporary directory. args are flags of the server, such as
// --emulated-version=1.36. Start returns when the server is ready, and stops it
// when the test ends. All servers in a process share the emulated version and
// the feature gates.
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

// New is like Start, but needs no test: the caller sets --data-dir and calls
// Stop. The context limits only the time of the start; the server continues to
// run when it ends.
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
	o.SecureServing.Required = false // allows port 0, for which the kernel chooses a free port
	if len(o.Etcd.StorageConfig.Transport.ServerList) == 0 {
		o.Data.EtcdNoSync = true // a test does not need its data after a crash of the machine
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

// RegisterAPI adds an aggregated API to the server; see
// [server.Server.RegisterAPI]. The API stays until the server stops.
func (s *Server) RegisterAPI(ctx context.Context, api server.API) error {
	_, err := s.apiserver.RegisterAPI(ctx, api)
	return err
}

// IssueServing returns a serving certificate for the hosts, its key and the
// certificate of the server's CA, all in PEM.
func (s *Server) IssueServing(hosts ...string) (cert, key, ca []byte, err error) {
	return s.apiserver.IssueServing(hosts...)
}

// Stop stops the server and waits until all of its parts are closed. It can be
// called more than once.
func (s *Server) Stop() error {
	s.cancel()
	<-s.stopped
	return s.err
}
