package kubelet

import (
	"net"
	"sync"
)

// open are the connections that are open.
type open struct {
	mu     sync.Mutex
	closed bool
	conns  map[*tracked]struct{}
}

// tracked is a connection that is in open until it is closed.
type tracked struct {
	net.Conn
	from *open
}

// add returns the connection as one that is closed with the others. If they are
// closed already, it fails.
func (o *open) add(conn net.Conn) (net.Conn, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		_ = conn.Close()
		return nil, net.ErrClosed
	}
	if o.conns == nil {
		o.conns = map[*tracked]struct{}{}
	}
	t := &tracked{Conn: conn, from: o}
	o.conns[t] = struct{}{}
	return t, nil
}

// Close implements net.Conn.
func (t *tracked) Close() error {
	t.from.mu.Lock()
	delete(t.from.conns, t)
	t.from.mu.Unlock()
	return t.Conn.Close()
}

func (o *open) close() {
	o.mu.Lock()
	conns := o.conns
	o.closed, o.conns = true, nil
	o.mu.Unlock()
	for t := range conns {
		_ = t.Conn.Close()
	}
}
