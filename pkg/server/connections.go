package server

import (
	"net"
	goruntime "runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse-k8s/gatehouse/pkg/tlsconn"
)

const (
	// keepAlive is the interval of TCP keep-alive probes, the same as
	// kube-apiserver's.
	keepAlive = 3 * time.Minute
	// quiet is how long nothing must have been sent on a connection before it is
	// closed. The last answer is written by another goroutine than the one that
	// handled its request, so it may still be under way when that has ended.
	quiet = 20 * time.Millisecond
)

// connections is a listener that knows its open connections. When the server
// stops, it closes those that clients leave open. Without it, each HTTP/2
// connection would stay open for one more second, because the library gives
// clients this time after the frame that announces the end (GOAWAY).
type connections struct {
	net.Listener

	mu   sync.Mutex
	open map[*connection]struct{}
}

func newConnections(listener net.Listener) *connections {
	return &connections{Listener: listener, open: map[*connection]struct{}{}}
}

// Accept implements net.Listener.
func (c *connections) Accept() (net.Conn, error) {
	accepted, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if tcp, ok := accepted.(*net.TCPConn); ok {
		// The library does this only for connections that it recognizes as TCP.
		_ = tcp.SetKeepAlivePeriod(keepAlive)
	}
	conn := &connection{Conn: accepted, all: c}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open[conn] = struct{}{}
	return tlsconn.NewRaw(conn), nil
}

// closeQuiet closes all connections, each as soon as nothing has been sent on it
// for some time. It must be called when no request is handled any more. It returns
// when all are closed.
func (c *connections) closeQuiet() {
	started := time.Now()
	for {
		left := 0
		for _, conn := range c.list() {
			if last := conn.written.Load(); time.Since(started) >= quiet && time.Since(time.Unix(0, last)) >= quiet {
				_ = conn.Close()
				continue
			}
			left++
		}
		if left == 0 {
			return
		}
		time.Sleep(quiet / 10)
	}
}

func (c *connections) list() []*connection {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]*connection, 0, len(c.open))
	for conn := range c.open {
		all = append(all, conn)
	}
	return all
}

// connection is an open connection of a client.
type connection struct {
	net.Conn
	all *connections
	// written is the time of the last write, in nanoseconds since 1970.
	written atomic.Int64
}

// Write implements net.Conn. While it runs, HTTP/2 collects what other requests of the connection
// write, and then sends it at once. So it lets those requests run first that can: one event for many
// watchers, or the answers to many requests, then take fewer calls of the system.
func (c *connection) Write(data []byte) (int, error) {
	goruntime.Gosched()
	n, err := c.Conn.Write(data)
	c.written.Store(time.Now().UnixNano())
	return n, err
}

// Close implements net.Conn.
func (c *connection) Close() error {
	c.all.mu.Lock()
	delete(c.all.open, c)
	c.all.mu.Unlock()
	return c.Conn.Close()
}
