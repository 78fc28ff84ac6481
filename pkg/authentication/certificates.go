package authentication

import (
	"bytes"
	"net/http"
	"time"

	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	"k8s.io/utils/clock"
	"k8s.io/utils/lru"
)

const (
	// verifiedFor is how long a client certificate is not verified again on its
	// connection. It is how long kube-apiserver relies on a token that it has
	// authenticated.
	verifiedFor = 10 * time.Second
	// verifiedMost is the number of connections whose certificates are kept.
	verifiedMost = 1024
)

// certificates authenticates the client certificates of connections, and remembers
// for a while which it has accepted: verifying a signature costs more than many a
// whole request. kube-apiserver verifies it for each request. The library's metric
// of certificates' remaining lifetimes counts verifications, and not requests.
type certificates struct {
	authenticator.Request
	ca    dynamiccertificates.CAContentProvider
	clock clock.PassiveClock
	// verified has an acceptance by the pointer to a certificate, which is another
	// one for each connection.
	verified *lru.Cache
}

// acceptance is a certificate that was accepted.
type acceptance struct {
	// response is a copy: callers change what they get.
	response authenticator.Response
	// bundle are the authorities by which it was.
	bundle []byte
	until  time.Time
}

// rememberCertificates returns verify with a memory.
func rememberCertificates(verify authenticator.Request, ca dynamiccertificates.CAContentProvider, c clock.PassiveClock) authenticator.Request {
	return &certificates{Request: verify, ca: ca, clock: c, verified: lru.New(verifiedMost)}
}

// AuthenticateRequest implements authenticator.Request.
func (c *certificates) AuthenticateRequest(r *http.Request) (*authenticator.Response, bool, error) {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return nil, false, nil
	}
	leaf, now, bundle := r.TLS.PeerCertificates[0], c.clock.Now(), c.ca.CurrentCABundleContent()
	if known, found := c.verified.Get(leaf); found {
		if a := known.(acceptance); now.Before(a.until) && bytes.Equal(a.bundle, bundle) {
			return &a.response, true, nil
		}
	}
	response, accepted, err := c.Request.AuthenticateRequest(r)
	if accepted && err == nil {
		until := now.Add(verifiedFor)
		if leaf.NotAfter.Before(until) {
			until = leaf.NotAfter
		}
		c.verified.Add(leaf, acceptance{*response, bundle, until})
	}
	return response, accepted, err
}
