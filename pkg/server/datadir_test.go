package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"os"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/cert"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/options"
)

// TestCertificatesAreRenewedWhileRunning moves the clock of a running server by a
// year. Its port and the administrator's kubeconfig must get the new certificates.
func TestCertificatesAreRenewedWhileRunning(t *testing.T) {
	o := options.New()
	o.Data.Dir, o.Data.EtcdNoSync = t.TempDir(), true
	o.SecureServing.BindPort, o.SecureServing.Required = 0, false
	completed, err := o.Complete()
	testutil.Check(t, err)
	s, err := New(t.Context(), completed)
	testutil.Check(t, err)
	clock := clocktesting.NewFakeClock(time.Now())
	s.base.clock = clock
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan error)
	go func() { stopped <- s.Run(ctx) }()
	testutil.Check(t, s.Ready(ctx))
	eventually(t, "the clock is used", clock.HasWaiters)

	serving, admin := served(t, s), administrator(t, s)
	clock.Step(350 * 24 * time.Hour)
	eventually(t, "the port has the new certificate", func() bool { return !served(t, s).Equal(serving) })
	eventually(t, "the kubeconfig has the new certificate", func() bool { return !administrator(t, s).Equal(admin) })
	if info, err := os.Stat(s.Kubeconfig); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the kubeconfig has mode %v, %v", info.Mode(), err)
	}
	cancel()
	testutil.Check(t, <-stopped)
}

// served returns the certificate that clients of the port see.
func served(t *testing.T, s *Server) *x509.Certificate {
	t.Helper()
	connection, err := tls.Dial("tcp", strings.TrimPrefix(s.URL, "https://"), &tls.Config{InsecureSkipVerify: true}) // only looks
	testutil.Check(t, err)
	defer connection.Close()
	return connection.ConnectionState().PeerCertificates[0]
}

// administrator returns the client certificate in the kubeconfig.
func administrator(t *testing.T, s *Server) *x509.Certificate {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", s.Kubeconfig)
	testutil.Check(t, err)
	certs, err := cert.ParseCertsPEM(config.CertData)
	testutil.Check(t, err)
	return certs[0]
}

func eventually(t *testing.T, what string, happened func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !happened(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("timeout: %s", what)
		}
	}
}
