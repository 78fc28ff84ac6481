package kubelet

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/transport"
)

// Config says how to reach kubelets. The comments name kube-apiserver's flags.
type Config struct {
	// AddressTypes are the types of a node's addresses, in the order in which they
	// are preferred: --kubelet-preferred-address-types.
	AddressTypes []corev1.NodeAddressType
	// CertFile and KeyFile are what the server proves its identity with:
	// --kubelet-client-certificate, --kubelet-client-key. The files are read again
	// when they change.
	CertFile, KeyFile string
	// CAFile is the authority of the kubelets' certificates:
	// --kubelet-certificate-authority. Without it they are not verified, as in
	// kube-apiserver. The file is read again when it changes, while Run runs.
	CAFile string
	// Timeout is how long it may take to connect: --kubelet-timeout. 0 is no limit.
	Timeout time.Duration
	// Dial, if not nil, opens the connections: the egress selector for the network
	// "cluster".
	Dial utilnet.DialFunc
}

// Connections connects to kubelets and pods.
type Connections struct {
	config Config
	open   open
	// ca is what New read from Config.CAFile, and trusting what verifies kubelets now.
	ca       []byte
	trusting atomic.Pointer[trusting]
	// unverified reaches kubelets, and others pods.
	unverified, others *http.Transport
}

// New returns connections. It fails if a file cannot be read.
func New(c Config) (*Connections, error) {
	n := &Connections{config: c}
	if c.CAFile != "" {
		var err error
		if n.ca, err = os.ReadFile(c.CAFile); err != nil {
			return nil, fmt.Errorf("certificate authority of kubelets: %w", err)
		}
	}
	if err := n.trust(n.ca); err != nil {
		return nil, err
	}
	unverified, err := c.tls(transport.TLSConfig{Insecure: true})
	if err != nil {
		return nil, err
	}
	n.unverified = n.transport(unverified, n.dialer(nil))
	n.others = n.transport(&tls.Config{InsecureSkipVerify: true}, n.dialer(refuseOwnHost))
	return n, nil
}

// tls completes the configuration with the server's own certificate.
func (c Config) tls(t transport.TLSConfig) (*tls.Config, error) {
	t.CertFile, t.KeyFile = c.CertFile, c.KeyFile
	config, err := transport.TLSConfigFor(&transport.Config{TLS: t})
	if err != nil {
		return nil, fmt.Errorf("certificates for connections to kubelets: %w", err)
	}
	return config, nil
}

func (n *Connections) transport(config *tls.Config, dial utilnet.DialFunc) *http.Transport {
	return utilnet.SetTransportDefaults(&http.Transport{DialContext: dial, TLSClientConfig: config.Clone(), TLSHandshakeTimeout: n.config.Timeout})
}

// dialer returns a function that opens connections, which end with n. check, if
// not nil, may refuse an address; it is not asked where Config.Dial opens the
// connection, because that may be in another network.
func (n *Connections) dialer(check func(net.IP) error) utilnet.DialFunc {
	dial := n.config.Dial
	if dial == nil {
		dialer := &net.Dialer{KeepAlive: 30 * time.Second}
		if check != nil {
			dialer.ControlContext = checking(check)
		}
		dial = dialer.DialContext
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if n.config.Timeout > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, n.config.Timeout)
			defer cancel()
		}
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return n.open.add(conn)
	}
}

// Close ends all connections. No new ones can be opened.
func (n *Connections) Close() { n.open.close() }

// Target is a kubelet.
type Target struct {
	// Host is an address of the node, and Port its kubelet's.
	Host, Port string
	// Transport reaches the kubelet, and verifies its certificate if there is a
	// --kubelet-certificate-authority.
	Transport *http.Transport
	// Unverified reaches the kubelet without verifying its certificate.
	Unverified *http.Transport
	// Guarded is like Transport, but does not connect to the server's own host.
	Guarded *http.Transport
	// WebSockets is true if the kubelet has declared that it speaks the WebSocket
	// protocols of clients itself.
	WebSockets bool
}

// defaultPort is the port of a kubelet that does not tell its port.
const defaultPort = 10250

// webSockets is the feature that kubelets declare: see KEP-4006.
const webSockets = "ExtendWebSocketsToKubelet"

// To returns the kubelet of a node. It fails if the node has no address of a
// preferred type.
func (n *Connections) To(node *corev1.Node) (Target, error) {
	host, err := n.address(node)
	if err != nil {
		return Target{}, err
	}
	port := node.Status.DaemonEndpoints.KubeletEndpoint.Port
	if port <= 0 {
		port = defaultPort
	}
	now := n.trusting.Load()
	return Target{
		Host: host, Port: strconv.Itoa(int(port)), Transport: now.verified, Unverified: n.unverified, Guarded: now.guarded,
		WebSockets: slices.Contains(node.Status.DeclaredFeatures, webSockets),
	}, nil
}

func (n *Connections) address(node *corev1.Node) (string, error) {
	for _, preferred := range n.config.AddressTypes {
		for _, address := range node.Status.Addresses {
			if address.Type == preferred {
				return address.Address, nil
			}
		}
	}
	return "", fmt.Errorf("no preferred addresses found; known addresses: %v", node.Status.Addresses)
}

// Others reaches anything but kubelets and the server's own host. Certificates are
// not verified: nobody tells the server by whom those of pods are signed.
func (n *Connections) Others() http.RoundTripper { return n.others }
