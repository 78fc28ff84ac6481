package connect

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"

	"github.com/gatehouse-k8s/gatehouse/pkg/tlsconn"
)

// untilHangup ends the context of a request for a WebSocket when the client closes
// the connection that the handler has taken over. net/http does this only before.
func untilHangup(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		handler.ServeHTTP(takeover{w, cancel, tlsconn.WebSocket()}, r.WithContext(ctx))
	})
}

// takeover hands out a connection that costs little: see tlsconn.Over.
type takeover struct {
	http.ResponseWriter
	// ended, if not nil, is called when the connection cannot be read any more.
	ended func()
	// frames are those that the handler sends, and nil if they are not known.
	frames tlsconn.Frames
}

// Hijack implements http.Hijacker.
func (t takeover) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(t.ResponseWriter).Hijack()
	if err != nil || buffered == nil { // the connection of a tunnel has no buffers
		return conn, buffered, err
	}
	early, err := buffered.Reader.Peek(buffered.Reader.Buffered())
	if err != nil {
		_ = conn.Close()
		return nil, nil, err
	}
	conn = tlsconn.Over(conn, t.frames)
	if t.ended != nil {
		conn = &watchedConn{conn, t.ended}
	}
	buffered.Reader.Reset(io.MultiReader(bytes.NewReader(bytes.Clone(early)), conn))
	buffered.Writer.Reset(conn)
	return conn, buffered, nil
}

type watchedConn struct {
	net.Conn
	ended func()
}

// Read implements net.Conn.
func (c *watchedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil {
		c.ended()
	}
	return n, err
}
