package connect

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
)

// untilHangup ends the context of a request when the client closes a connection
// that the handler has taken over. net/http does this only before.
func untilHangup(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		handler.ServeHTTP(&takeover{w, cancel}, r.WithContext(ctx))
	})
}

// buffer is the size of each buffer of a connection that is taken over, in bytes.
// The WebSocket library makes its own of the same size. It is more than the library
// reads and writes at once, so that a message is sent in one piece.
const buffer = 36 << 10

// takeover hands out a connection that tells when it cannot be read any more.
type takeover struct {
	http.ResponseWriter
	ended func()
}

// Hijack implements http.Hijacker.
func (t *takeover) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(t.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	rest, err := buffered.Reader.Peek(buffered.Reader.Buffered())
	if err != nil {
		_ = conn.Close()
		return nil, nil, err
	}
	watched := &watchedConn{conn, t.ended}
	reader := bufio.NewReaderSize(io.MultiReader(bytes.NewReader(rest), watched), buffer)
	return watched, bufio.NewReadWriter(reader, bufio.NewWriterSize(watched, buffer)), nil
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
