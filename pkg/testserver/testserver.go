// Package testserver runs an API server in a Go test, in the same way as
// httptest.Server runs an HTTP server:
//
//	func TestReconciler(t *testing.T) {
//		s := testserver.Start(t, testserver.Options{
//			CRDs: testserver.Manifests{Paths: []string{"../config/crd/bases"}},
//		})
//		client := kubernetes.NewForConfigOrDie(s.Config)
//		...
//	}
//
// The server is a real one, with etcd, admission, access control and the
// controllers that tests miss, but no program is downloaded or started. Servers
// run side by side in one process. They share only the emulated version and the
// feature gates, which the libraries keep once per process; a second server that
// asks for others gets an error.
//
// A test binary that imports this package contains the whole server. Package
// testprocess has the same options and runs the gatehouse binary instead.
package testserver

import (
	"context"
	"testing"

	"github.com/gatehouse-k8s/gatehouse/pkg/server"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver/setup"
)

// Options describes a server. Its zero value is a server with all defaults, which
// keeps its data in a temporary directory until it stops.
type Options = setup.Options

// Manifests are objects of the API, from files or from Go.
type Manifests = setup.Manifests

// Webhooks are webhook configurations whose webhooks run in the test.
type Webhooks = setup.Webhooks

// Server is a running API server.
type Server struct {
	*setup.Server
	inProcess *inProcess
}

// Start starts a server on a free port of the loopback address, and returns when
// it is ready. It takes at most one Options. When the test has ended, the server
// stops. If the server cannot be started, the test fails at once.
//
// Warnings and errors of the server go to t.Log. If the test fails, the last
// requests that the server refused are logged with the reasons.
func Start(t testing.TB, options ...Options) *Server {
	t.Helper()
	runner := &inProcess{}
	return &Server{setup.Start(t, runner, setup.Only(options)), runner}
}

// New is like Start, but needs no test: the caller calls Stop. The context limits
// only the time of the start; the server continues to run when it ends.
func New(ctx context.Context, options ...Options) (*Server, error) {
	runner := &inProcess{}
	s, err := setup.New(ctx, runner, setup.Only(options))
	if err != nil {
		return nil, err
	}
	return &Server{s, runner}, nil
}

// RegisterAPI adds an aggregated API to the server; see
// [server.Server.RegisterAPI]. The API stays until the server stops.
func (s *Server) RegisterAPI(ctx context.Context, api server.API) error {
	_, err := s.inProcess.server.RegisterAPI(ctx, api)
	return err
}
