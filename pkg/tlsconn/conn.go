package tlsconn

import (
	"crypto/tls"
	"net"
)

// Conn is a connection by TLS on a Raw. Only one goroutine may read, and only one
// may write, at a time.
type Conn struct {
	*tls.Conn
	raw    *Raw
	frames Frames
	// holds is true from the first part of a frame to its last.
	holds bool
}

// Frames knows the frames of a protocol.
type Frames interface {
	// Whole takes what is written next, and reports whether the last frame ends
	// with it, so that the peer can do something with it.
	Whole(p []byte) bool
}

// Over returns a connection that costs less than the given one. It is the given one
// if that is not TLS on a Raw. frames may be nil; otherwise no frame is sent before
// its end is written, or 64 KiB are.
func Over(conn net.Conn, frames Frames) net.Conn {
	secure, ok := conn.(*tls.Conn)
	if !ok {
		return conn
	}
	raw, ok := secure.NetConn().(*Raw)
	if !ok {
		return conn
	}
	return &Conn{Conn: secure, raw: raw, frames: frames}
}

// Read implements net.Conn. It returns as much as has arrived.
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err == nil {
		n += c.arrived(p[n:])
	}
	return n, err
}

// arrived reads what has arrived, as far as there is room for it.
func (c *Conn) arrived(p []byte) (n int) {
	c.raw.stay = true
	defer func() { c.raw.stay = false }()
	for n < len(p) {
		more, err := c.Conn.Read(p[n:])
		n += more
		if err != nil {
			break // the next call returns it again, unless nothing has arrived
		}
	}
	return n
}

// Write implements net.Conn.
func (c *Conn) Write(p []byte) (int, error) {
	if !c.holds {
		c.raw.hold()
	}
	n, err := c.Conn.Write(p)
	if c.holds = err == nil && c.frames != nil && !c.frames.Whole(p); c.holds {
		return n, nil
	}
	if sent := c.raw.release(); err == nil {
		err = sent
	}
	return n, err
}

// Close implements net.Conn. Like that of tls.Conn it does not wait for a peer that
// does not receive what is being sent.
func (c *Conn) Close() error {
	if c.raw.sending.Load() {
		_ = c.raw.Close()
	}
	return c.Conn.Close()
}
