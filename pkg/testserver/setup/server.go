package setup

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	restclient "k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/gatehouse-k8s/gatehouse/pkg/pki"
)

const (
	readyTimeout = time.Minute
	// certValidity is the validity of the certificates for users.
	certValidity = 30 * 24 * time.Hour
	// maxRefusals is the number of refused requests that are remembered.
	maxRefusals = 20
)

// Runner runs a server: in this process, or in one of its own.
type Runner interface {
	// Start starts a server and returns when it is ready. The context limits only
	// the time of the start.
	Start(ctx context.Context, o Options, report Report) (Running, error)
}

// Running is a server that a Runner has started.
type Running struct {
	// URL is the address of the server.
	URL string
	// Dial connects to the server, if it cannot be reached at its URL.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Stop stops the server and waits for its end. It is called once.
	Stop func() error
}

// Report receives what a running server tells.
type Report struct {
	// Log receives a line of its log.
	Log func(line string)
	// Refused receives the description of a refused request.
	Refused func(refusal string)
}

// Server is a running API server.
type Server struct {
	// URL is the address of the server, such as https://127.0.0.1:40123.
	URL string
	// Config is the client configuration of the administrator, without a rate limit.
	// Its user is kubernetes-admin in the group system:masters.
	Config *restclient.Config
	// Kubeconfig is the kubeconfig with the same credentials, and KubeconfigFile is
	// the path of a file with it. Both are empty with NoSocket.
	Kubeconfig     []byte
	KubeconfigFile string
	// CA is the certificate that signs the serving certificate, in PEM.
	CA []byte
	// DataDir is where the server keeps its data.
	DataDir string
	// Webhooks says where the test must serve its webhooks.
	Webhooks Webhooks

	options   Options
	runner    Runner
	temporary bool

	mu       sync.Mutex
	running  *Running
	refusals []string
	silent   bool
}

// Start starts a server for a test, and stops it when the test has ended. If it
// cannot be started, or if there is a mistake in the options, the test fails at
// once. If the test fails later, it logs the last requests that the server has
// refused, with the reasons.
func Start(t testing.TB, runner Runner, o Options) *Server {
	t.Helper()
	if o.Log == nil {
		o.Log = func(line string) {
			t.Helper()
			t.Log("gatehouse: " + strings.TrimSpace(line))
		}
	}
	s, err := New(t.Context(), runner, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
		if refused := s.Refused(); t.Failed() && len(refused) > 0 {
			t.Logf("the last requests that the server refused:\n%s", strings.Join(refused, "\n"))
		}
	})
	return s
}

// New starts a server, which runs until Stop is called. The context limits only
// the time of the start.
func New(ctx context.Context, runner Runner, o Options) (*Server, error) {
	if o.ReadyTimeout == 0 {
		o.ReadyTimeout = readyTimeout
	}
	if dir, given := o.Flag("data-dir"); given {
		o.DataDir = dir
	}
	objects, err := o.read()
	if err != nil {
		return nil, err
	}
	s := &Server{options: o, runner: runner, temporary: o.DataDir == ""}
	if s.temporary {
		dir, err := os.MkdirTemp("", "gatehouse-")
		if err != nil {
			return nil, err
		}
		s.options.DataDir = dir
	}
	s.DataDir = s.options.DataDir
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	if err := s.install(ctx, objects); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Server) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.options.ReadyTimeout)
	defer cancel()
	running, err := s.runner.Start(ctx, s.options, Report{Log: s.log, Refused: s.refused})
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.running, s.silent, s.URL = &running, false, running.URL
	s.mu.Unlock()
	return s.readCredentials()
}

// readCredentials reads what the server has written into its data directory.
func (s *Server) readCredentials() error {
	file := filepath.Join(s.DataDir, "admin.kubeconfig")
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if s.Config, err = s.config(data); err != nil {
		return err
	}
	s.CA = s.Config.CAData
	if !s.options.NoSocket {
		s.Kubeconfig, s.KubeconfigFile = data, file
	}
	return nil
}

func (s *Server) config(kubeconfig []byte) (*restclient.Config, error) {
	config, err := clientcmd.RESTConfigFromKubeConfig(kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS = -1
	if s.options.NoSocket {
		config.Dial = s.dial
	}
	return config, nil
}

// dial connects to the server that runs now, which after a restart is another one.
func (s *Server) dial(ctx context.Context, network, address string) (net.Conn, error) {
	s.mu.Lock()
	running := s.running
	s.mu.Unlock()
	if running == nil {
		return nil, errors.New("the server is stopped")
	}
	return running.Dial(ctx, network, address)
}

// KubeconfigFor returns a kubeconfig with a client certificate for a user. It is
// an error with NoSocket.
func (s *Server) KubeconfigFor(user string, groups ...string) ([]byte, error) {
	if s.options.NoSocket {
		return nil, errors.New("a server without a socket has no kubeconfig: use ConfigFor")
	}
	return s.kubeconfigFor(user, groups)
}

// ConfigFor returns a client configuration with a client certificate for a user
// who is in the groups. It has no rate limit.
func (s *Server) ConfigFor(user string, groups ...string) (*restclient.Config, error) {
	kubeconfig, err := s.kubeconfigFor(user, groups)
	if err != nil {
		return nil, err
	}
	return s.config(kubeconfig)
}

func (s *Server) kubeconfigFor(user string, groups []string) ([]byte, error) {
	cert, key, err := pki.Existing(filepath.Join(s.DataDir, "pki")).IssueClient(time.Now(), certValidity, user, groups...)
	if err != nil {
		return nil, fmt.Errorf("certificate for %q: %w", user, err)
	}
	config := clientcmdapi.NewConfig()
	config.Clusters["gatehouse"] = &clientcmdapi.Cluster{Server: s.URL, CertificateAuthorityData: s.CA}
	config.AuthInfos[user] = &clientcmdapi.AuthInfo{ClientCertificateData: cert, ClientKeyData: key}
	config.Contexts["gatehouse"] = &clientcmdapi.Context{Cluster: "gatehouse", AuthInfo: user}
	config.CurrentContext = "gatehouse"
	return clientcmd.Write(*config)
}

// IssueServing returns a serving certificate for the hosts, its key and the
// certificate of the server's CA, all in PEM.
func (s *Server) IssueServing(hosts ...string) (cert, key, ca []byte, err error) {
	keys := pki.Existing(filepath.Join(s.DataDir, "pki"))
	if cert, key, err = keys.IssueServing(time.Now(), hosts...); err != nil {
		return nil, nil, nil, err
	}
	ca, err = os.ReadFile(keys.CA.CertFile)
	return cert, key, ca, err
}

// Stop ends all watches, stops the server, waits until all of its parts are
// closed, and removes a temporary data directory. It can be called more than
// once.
func (s *Server) Stop() error {
	err := s.stop()
	if s.temporary {
		err = errors.Join(err, os.RemoveAll(s.DataDir))
	}
	return err
}

func (s *Server) stop() error {
	s.mu.Lock()
	running := s.running
	s.running, s.silent = nil, true
	s.mu.Unlock()
	if running == nil {
		return nil
	}
	return running.Stop()
}

// Restart stops the server and starts it again with the same data at the same
// address, so that clients can go on. The context limits only the time of the
// start.
func (s *Server) Restart(ctx context.Context) error {
	if err := s.stop(); err != nil {
		return err
	}
	if err := s.samePort(); err != nil {
		return err
	}
	return s.start(ctx)
}

// samePort makes the next start listen where the last one did.
func (s *Server) samePort() error {
	if s.options.NoSocket {
		return nil
	}
	_, port, err := net.SplitHostPort(strings.TrimPrefix(s.URL, "https://"))
	if err != nil {
		return err
	}
	if _, given := s.options.Flag("secure-port"); !given {
		s.options.Flags = append(s.options.Flags[:len(s.options.Flags):len(s.options.Flags)], "--secure-port="+port)
	}
	return nil
}

// Refused returns a line for each of the last requests that the server refused:
// who sent what, the status of the answer, its message, and the authorizer or the
// admission plugin that refused it.
func (s *Server) Refused() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.refusals...)
}

func (s *Server) refused(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusals = append(s.refusals, line)
	if len(s.refusals) > maxRefusals {
		s.refusals = s.refusals[1:]
	}
}

// log passes a line on, unless the server is being stopped: the test may have
// ended then, and what is cut off complains.
func (s *Server) log(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.options.Log != nil && !s.silent {
		s.options.Log(line)
	}
}
