// Package testprocess runs an API server for a Go test in a process of its own.
// It has the options of package testserver and gives the same result, but depends
// on client-go alone, so that the test binary does not contain the server.
//
// The program is the one that "go tool" builds once and keeps in Go's build cache.
// A module adds it with
//
//	go get -tool github.com/gatehouse-k8s/gatehouse/cmd/gatehouse
//
// In place of that, the environment variable GATEHOUSE_BINARY can name a program.
// The server ends with the test, even if the test is killed.
package testprocess

import (
	"context"
	"testing"

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
type Server = setup.Server

// Start starts a server on a free port of the loopback address, and returns when
// it is ready. It takes at most one Options. When the test has ended, the server
// stops. If the server cannot be started, the test fails at once.
func Start(t testing.TB, options ...Options) *Server {
	t.Helper()
	return setup.Start(t, &process{}, setup.Only(options))
}

// New is like Start, but needs no test: the caller calls Stop. The context limits
// only the time of the start; the server continues to run when it ends.
func New(ctx context.Context, options ...Options) (*Server, error) {
	return setup.New(ctx, &process{}, setup.Only(options))
}
