package registered

import (
	"crypto/tls"
	"sync"
	"time"

	"k8s.io/klog/v2"
)

// certificate is the serving certificate of a handler. It exists only in memory.
type certificate struct {
	// issue returns a new certificate and its key in PEM.
	issue func() (cert, key []byte, err error)
	now   func() time.Time

	mu      sync.Mutex
	current *tls.Certificate
}

// get returns the certificate, or a new one when the current one has less than a
// tenth of its validity left. It has the signature of tls.Config.GetCertificate.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current != nil {
		leaf := c.current.Leaf
		if c.now().Add(leaf.NotAfter.Sub(leaf.NotBefore) / 10).Before(leaf.NotAfter) {
			return c.current, nil
		}
	}
	certPEM, keyPEM, err := c.issue()
	if err == nil {
		var renewed tls.Certificate
		if renewed, err = tls.X509KeyPair(certPEM, keyPEM); err == nil {
			c.current = &renewed
		}
	}
	if err != nil && c.current != nil {
		klog.ErrorS(err, "Failed to renew the serving certificate of an aggregated API", "expires", c.current.Leaf.NotAfter)
		return c.current, nil
	}
	return c.current, err
}
