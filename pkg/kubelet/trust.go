package kubelet

import (
	"context"
	"errors"
	"net/http"

	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/transport"

	"github.com/gatehouse-k8s/gatehouse/pkg/filewatch"
)

// trusting are the transports that verify kubelets by one state of Config.CAFile.
type trusting struct {
	// guarded does not connect to the server's own host.
	verified, guarded *http.Transport
}

// trust makes new connections verify kubelets by the authority. The requests that
// are under way keep their connections, and idle connections are closed, as in
// kube-apiserver.
func (n *Connections) trust(ca []byte) error {
	config, err := n.config.tls(transport.TLSConfig{CAFile: n.config.CAFile, CAData: ca, Insecure: n.config.CAFile == ""})
	if err != nil {
		return err
	}
	old := n.trusting.Swap(&trusting{verified: n.transport(config, n.dialer(nil)), guarded: n.transport(config, n.dialer(refuseOwnHost))})
	if old != nil {
		old.verified.CloseIdleConnections()
		old.guarded.CloseIdleConnections()
	}
	return nil
}

var errEmpty = errors.New("the file is empty")

// retrust is trust for an authority that has changed. An empty one would stand for
// the authorities of the operating system; it is an error, because a program that
// writes the file may have just truncated it.
func (n *Connections) retrust(ca []byte) error {
	if len(ca) == 0 {
		return errEmpty
	}
	return n.trust(ca)
}

// Run reads Config.CAFile again when it changes, until the context ends. If the new
// content is invalid, the authority does not change.
func (n *Connections) Run(ctx context.Context) {
	if n.config.CAFile == "" {
		return
	}
	filewatch.Watch(ctx, n.config.CAFile, n.ca, func(ca []byte) {
		if err := n.retrust(ca); err != nil {
			utilruntime.HandleErrorWithContext(ctx, err, "Failed to reload the certificate authority of kubelets, the previous one stays in effect",
				"file", n.config.CAFile)
		}
	})
}
