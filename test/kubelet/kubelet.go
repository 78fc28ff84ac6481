// Package kubelet is a stand-in for a kubelet and the containers of its node,
// for tests and benchmarks. Its side of the protocols of exec, attach and
// port-forward is k8s.io/cri-streaming, which kubelets and container runtimes use
// as well. Its containers are scripted: see containers.
package kubelet

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/cert"
	"k8s.io/component-helpers/nodedeclaredfeatures/features/extendwebsocketstokubelet"
	"k8s.io/cri-streaming/pkg/streaming/portforward"
	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
)

// Config describes a kubelet.
type Config struct {
	// Host is the address to listen on, by default 127.0.0.1.
	Host string
	// Hosts are further addresses for which its certificate is valid.
	Hosts []net.IP
	// Dir is the directory in which commands of containers run.
	Dir string
	// WebSockets is true for a kubelet that takes the WebSocket protocols of clients
	// itself, and says so in the status of its node (KEP-4006).
	WebSockets bool
	// Intercept, if not nil, may answer a request itself. It reports whether it has.
	Intercept func(http.ResponseWriter, *http.Request) bool
}

// Kubelet is a running kubelet. It counts what it has been asked.
type Kubelet struct {
	// Host and Port are where it listens.
	Host string
	Port int32
	// CA is the PEM form of the certificate that signed its own.
	CA []byte

	config Config
	server *http.Server
	// runtime answers what the kubelet passes on, at the address.
	runtime *http.Server
	address string
	mu      sync.Mutex
	seen    []*http.Request
}

// Start starts a kubelet. Its certificate is valid for its host.
func Start(c Config) (*Kubelet, error) {
	if c.Host == "" {
		c.Host = "127.0.0.1"
	}
	certPEM, keyPEM, err := cert.GenerateSelfSignedCertKey(c.Host, c.Hosts, []string{"localhost"})
	if err != nil {
		return nil, fmt.Errorf("certificate of the kubelet: %w", err)
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return nil, fmt.Errorf("certificate of the kubelet: %w", err)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(c.Host, "0"))
	if err != nil {
		return nil, fmt.Errorf("kubelet: %w", err)
	}
	k := &Kubelet{Host: c.Host, Port: int32(listener.Addr().(*net.TCPAddr).Port), CA: certPEM, config: c}
	k.server = &http.Server{Handler: k, TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequestClientCert},
		ErrorLog: log.New(io.Discard, "", 0)} // clients that hang up are part of tests
	if err := k.startRuntime(); err != nil {
		return nil, err
	}
	go func() {
		if err := k.server.ServeTLS(listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
			panic(err)
		}
	}()
	return k, nil
}

// Close ends the kubelet and its connections that are not hijacked.
func (k *Kubelet) Close() {
	_ = k.server.Close()
	_ = k.runtime.Close()
}

// Node returns the node of the kubelet, with its status.
func (k *Kubelet) Node(name string) *corev1.Node {
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}, Status: corev1.NodeStatus{
		Addresses:       []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: k.Host}},
		DaemonEndpoints: corev1.NodeDaemonEndpoints{KubeletEndpoint: corev1.DaemonEndpoint{Port: k.Port}},
	}}
	if k.config.WebSockets {
		node.Status.DeclaredFeatures = []string{extendwebsocketstokubelet.ExtendWebSocketsToKubeletFeatureGate}
	}
	return node
}

// Seen returns the requests so far.
func (k *Kubelet) Seen() []*http.Request {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]*http.Request(nil), k.seen...)
}

// maxSeen bounds how many requests are remembered.
const maxSeen = 10_000

// ServeHTTP implements http.Handler.
func (k *Kubelet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	if len(k.seen) < maxSeen {
		k.seen = append(k.seen, r)
	}
	k.mu.Unlock()
	if k.config.Intercept != nil && k.config.Intercept(w, r) {
		return
	}
	k.routes().ServeHTTP(w, r)
}

func (k *Kubelet) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", serveLogs)
	streams := k.streams()
	mux.Handle("/exec/", k.translated(streams))
	mux.Handle("/attach/", k.translated(streams))
	mux.Handle("/portForward/", k.tunneled(streams))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })
	mux.HandleFunc("GET /metrics/resource", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "node_cpu_usage_seconds_total 1") })
	mux.HandleFunc("GET /page", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<html><head></head><body><a href="/stats/summary">stats</a></body></html>`)
	})
	mux.HandleFunc("/echo/{rest...}", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "%s %s\n", r.Method, r.URL) })
	return mux
}

// streams are the handlers of SPDY, and of WebSockets with old protocols.
func (k *Kubelet) streams() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/exec/{namespace}/{pod}/{container}", k.serveExec)
	mux.HandleFunc("/attach/{namespace}/{pod}/{container}", k.serveAttach)
	mux.HandleFunc("/portForward/{namespace}/{pod}", servePortForward)
	return mux
}

// idle is how long a stream may be silent, creation how long a client may take to
// open its streams.
const idle, creation = time.Hour, 30 * time.Second

func (k *Kubelet) serveExec(w http.ResponseWriter, r *http.Request) {
	options, err := remotecommand.NewOptions(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	remotecommand.ServeExec(w, r, containers{k.config.Dir}, r.PathValue("pod"), "", r.PathValue("container"),
		r.URL.Query()["command"], options, idle, creation, remotecommand.SupportedStreamingProtocols)
}

func (k *Kubelet) serveAttach(w http.ResponseWriter, r *http.Request) {
	options, err := remotecommand.NewOptions(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	remotecommand.ServeAttach(w, r, containers{k.config.Dir}, r.PathValue("pod"), "", r.PathValue("container"),
		options, idle, creation, remotecommand.SupportedStreamingProtocols)
}

func servePortForward(w http.ResponseWriter, r *http.Request) {
	options, err := portforward.NewV4Options(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	portforward.ServePortForward(w, r, ports{}, r.PathValue("pod"), "", options, idle, creation, portforward.SupportedProtocols)
}

// URL is the address of a path of the kubelet.
func (k *Kubelet) URL(path string) *url.URL {
	return &url.URL{Scheme: "https", Host: net.JoinHostPort(k.Host, strconv.Itoa(int(k.Port))), Path: path}
}
