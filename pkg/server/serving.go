package server

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/google/uuid"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	"k8s.io/apiserver/pkg/server/healthz"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	restclient "k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/pki"
	"github.com/gatehouse-k8s/gatehouse/pkg/server/options"
	"github.com/gatehouse-k8s/gatehouse/pkg/version"
)

// loopbackValidity is the validity of the certificate for connections of the
// server to itself. Each start creates a new certificate.
const loopbackValidity = 3 * 365 * 24 * time.Hour

// serve opens the port and returns its connections. It uses the certificate of
// the data directory unless the flags name another one.
func serve(o options.Completed, keys *pki.PKI, c *genericapiserver.Config) (*connections, error) {
	serving := o.SecureServing
	if cert := &serving.ServerCert; cert.CertKey.CertFile == "" && cert.CertKey.KeyFile == "" {
		if cert.CertDirectory == "" {
			cert.CertKey.CertFile, cert.CertKey.KeyFile = keys.Serving.CertFile, keys.Serving.KeyFile
		} else if err := serving.MaybeDefaultWithSelfSignedCerts(o.Generic.AdvertiseAddress.String(), serviceNames(),
			[]net.IP{net.IPv4(127, 0, 0, 1), o.Services.KubernetesIP().AsSlice()}); err != nil {
			return nil, fmt.Errorf("--cert-dir: %w", err)
		}
	}
	if listener := o.Embedding.Listener; listener != nil {
		serving.Listener = listener
		if tcp, ok := listener.Addr().(*net.TCPAddr); ok {
			serving.BindPort = tcp.Port
		}
	}
	if serving.BindPort == 0 {
		// Port 0 is for tests: the kernel chooses a free port.
		var err error
		serving.Listener, serving.BindPort, err = genericoptions.CreateListener("tcp", net.JoinHostPort(serving.BindAddress.String(), "0"), net.ListenConfig{})
		if err != nil {
			return nil, fmt.Errorf("secure serving: %w", err)
		}
	}
	if err := serving.ApplyTo(&c.SecureServing); err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			address := net.JoinHostPort(serving.BindAddress.String(), strconv.Itoa(serving.BindPort))
			return nil, fmt.Errorf("%s is in use by another program: stop it, or choose another port with --secure-port", address)
		}
		return nil, fmt.Errorf("secure serving (--bind-address, --secure-port, --tls-cert-file, --tls-private-key-file, --tls-sni-cert-key): %w", err)
	}
	connections := newConnections(c.SecureServing.Listener)
	c.SecureServing.Listener = connections
	return connections, selfClient(o, c)
}

// selfClient creates the configuration of the client with which the server calls
// itself. Its certificate and its random token exist only in memory.
func selfClient(o options.Completed, c *genericapiserver.Config) error {
	const name = genericapiserver.LoopbackClientServerNameOverride
	expires := time.Now().Add(loopbackValidity)
	certPEM, keyPEM, err := pki.SelfSigned(name, time.Now(), loopbackValidity)
	if err != nil {
		return fmt.Errorf("loopback certificate: %w", err)
	}
	cert, err := dynamiccertificates.NewStaticSNICertKeyContent("self-signed loopback", certPEM, keyPEM, name)
	if err != nil {
		return fmt.Errorf("loopback certificate: %w", err)
	}
	c.SecureServing.SNICerts = append([]dynamiccertificates.SNICertKeyContentProvider{cert}, c.SecureServing.SNICerts...)
	c.LoopbackClientConfig, err = c.SecureServing.NewLoopbackClientConfig(uuid.NewString(), certPEM)
	if err != nil {
		return fmt.Errorf("loopback client: %w", err)
	}
	c.LoopbackClientConfig.DisableCompression = true
	// The server knows what is deprecated.
	c.LoopbackClientConfig.WarningHandlerWithContext = restclient.NoWarnings{}
	c.LoopbackClientConfig.Dial = o.Embedding.Dial
	c.LoopbackClientConfig.ContentType = "application/vnd.kubernetes.protobuf"
	// The user agent determines the field manager of the objects that the
	// server creates itself.
	c.LoopbackClientConfig.UserAgent = "kube-apiserver/" + version.Git
	check := healthz.NamedCheck("loopback-serving-certificate", func(*http.Request) error {
		if time.Now().After(expires) {
			return errors.New("self-signed loopback certificate has expired")
		}
		return nil
	})
	c.AddHealthzChecks(check)
	c.AddLivezChecks(check)
	return nil
}

// serviceNames returns the names by which pods reach the server.
func serviceNames() []string {
	return []string{"kubernetes.default.svc", "kubernetes.default", "kubernetes", "kubernetes.default.svc.cluster.local", "localhost"}
}

// hosts returns the names and addresses for which the serving certificate is
// valid.
func hosts(o options.Completed) []string {
	names := append(serviceNames(), "127.0.0.1", "::1", o.Generic.AdvertiseAddress.String(), o.Services.KubernetesIP().String())
	if ip := o.SecureServing.BindAddress; !ip.IsUnspecified() {
		names = append(names, ip.String())
	}
	if host, err := os.Hostname(); err == nil {
		names = append(names, host)
	}
	return append(names, o.Generic.ExternalHost)
}
