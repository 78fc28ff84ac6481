package kubelet

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"

	utilnet "k8s.io/apimachinery/pkg/util/net"

	"github.com/gatehouse-k8s/gatehouse/pkg/tlsconn"
)

// maxHeader bounds the header with which a server answers an upgrade, in bytes. It
// is what net/http has for other answers.
const maxHeader = 10 << 20

// ForUpgrade returns a transport and a location by which the library upgrades a
// connection to what the given ones lead to. The connection ends with the context
// of its request, so that nothing waits for a server that does not answer, and
// the header of the answer is bounded. The library has neither: it dials, writes
// the request and reads the answer by itself. The scheme of the location is http,
// because the dialer of the transport does TLS.
//
// frames, if not nil, are those of the protocol to which it upgrades: see
// tlsconn.Over.
func ForUpgrade(transport http.RoundTripper, location *url.URL, frames tlsconn.Frames) (http.RoundTripper, *url.URL) {
	t, ok := transport.(*http.Transport)
	if !ok {
		return transport, location
	}
	plain := *location
	dial := endsWithRequest(t.DialContext)
	if location.Scheme == "https" {
		dial, plain.Scheme = dialTLS(dial, t.TLSClientConfig, frames), "http"
		if plain.Port() == "" {
			plain.Host = net.JoinHostPort(plain.Hostname(), "443")
		}
	}
	return &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &headerBound{Conn: conn, max: maxHeader}, nil
	}}, &plain
}

// endsWithRequest makes connections for one request each, which end with its
// context.
func endsWithRequest(dial utilnet.DialFunc) utilnet.DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(ctx, func() { _ = conn.Close() })
		return conn, nil
	}
}

func dialTLS(dial utilnet.DialFunc, base *tls.Config, frames tlsconn.Frames) utilnet.DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		config := base.Clone()
		config.NextProtos = []string{"http/1.1"}
		config.DynamicRecordSizingDisabled = true // a stream costs less in full records
		if config.ServerName == "" {
			if config.ServerName, _, err = net.SplitHostPort(address); err != nil {
				return nil, errors.Join(err, conn.Close())
			}
		}
		secure := tls.Client(tlsconn.NewRaw(conn), config)
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			return nil, err
		}
		return tlsconn.Over(secure, frames), nil
	}
}

// headerBound is a connection that fails if it receives more than max bytes before
// the end of a header.
type headerBound struct {
	net.Conn
	max  int
	read int
	last []byte // the last bytes, as many as may belong to the end of the header
	past bool
}

var errHeader = fmt.Errorf("the header of the answer has more than %d bytes", maxHeader)

// Read implements net.Conn.
func (c *headerBound) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.past || n == 0 {
		return n, err
	}
	seen := append(c.last, p[:n]...)
	if c.past = bytes.Contains(seen, []byte("\n\r\n")) || bytes.Contains(seen, []byte("\n\n")); c.past {
		c.last = nil
		return n, err
	}
	c.last = append([]byte(nil), seen[max(0, len(seen)-2):]...)
	if c.read += n; c.read > c.max {
		return 0, errHeader
	}
	return n, err
}

// WriteTo implements io.WriterTo, so that what follows the header is passed on as
// the connection does it best.
func (c *headerBound) WriteTo(w io.Writer) (int64, error) {
	if !c.past {
		return io.Copy(w, struct{ io.Reader }{c})
	}
	return io.Copy(w, c.Conn)
}
