package tlsconn

import (
	"net"
	"sync"
	"sync/atomic"
)

const (
	// size is how many bytes are received by one call, and sent at the latest: four
	// records, each of which has at most 16 KiB and some bytes that belong to TLS.
	size = 4 * (16<<10 + 32)
	// many is how many bytes a call has received if more are likely to follow.
	many = 16 << 10
)

// buffers are of the given size. A connection has them only while data flows, but for
// one that waits for more after its last call has received much.
var buffers = sync.Pool{New: func() any { return new([size]byte) }}

// Raw is a connection below TLS. Only one goroutine may read at a time.
type Raw struct {
	net.Conn

	buffer  *[size]byte
	arrived []byte // the part of the buffer that has not been read
	busy    bool   // the last call received much
	stay    bool   // do not wait for more to arrive

	mu      sync.Mutex
	holders int    // how many writers hold back what is written
	held    []byte // what is held back
	space   *[size]byte
	failed  error // why nothing can be sent any more
	sending atomic.Bool
}

// NewRaw returns a connection on which TLS may be done.
func NewRaw(conn net.Conn) *Raw { return &Raw{Conn: conn} }

// wait is the error of a read that would have to wait. TLS can go on after it,
// because it is temporary.
type wait struct{}

func (wait) Error() string   { return "nothing has arrived" }
func (wait) Timeout() bool   { return true }
func (wait) Temporary() bool { return true }

// Read implements net.Conn.
func (r *Raw) Read(p []byte) (int, error) {
	if len(r.arrived) == 0 {
		if r.stay {
			return 0, wait{}
		}
		if !r.busy {
			n, err := r.Conn.Read(p)
			r.busy = n == len(p)
			return n, err
		}
		if err := r.receive(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.arrived)
	if r.arrived = r.arrived[n:]; len(r.arrived) == 0 {
		r.drop()
	}
	return n, nil
}

func (r *Raw) receive() error {
	r.buffer = buffers.Get().(*[size]byte)
	n, err := r.Conn.Read(r.buffer[:])
	r.arrived, r.busy = r.buffer[:n], n >= many
	if n > 0 {
		return nil // the next call returns the error again
	}
	r.drop()
	return err
}

func (r *Raw) drop() {
	buffers.Put(r.buffer)
	r.buffer, r.arrived = nil, nil
}

// Write implements net.Conn. What is written while there are holders is sent when
// the last of them releases it.
func (r *Raw) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed != nil {
		return 0, r.failed
	}
	if r.holders == 0 {
		return r.Conn.Write(p)
	}
	if len(r.held)+len(p) > size {
		if err := r.send(); err != nil {
			return 0, err
		}
	}
	if len(p) > size {
		return r.Conn.Write(p)
	}
	if r.space == nil {
		r.space = buffers.Get().(*[size]byte)
		r.held = r.space[:0]
	}
	r.held = append(r.held, p...)
	return len(p), nil
}

func (r *Raw) hold() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.holders++
}

// release sends what was held back, if there are no other holders.
func (r *Raw) release() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.holders--; r.holders > 0 {
		return nil
	}
	return r.send()
}

// send sends what is held back. The caller has locked mu.
func (r *Raw) send() error {
	if r.space == nil || r.failed != nil {
		return r.failed
	}
	r.sending.Store(true)
	_, r.failed = r.Conn.Write(r.held)
	r.sending.Store(false)
	buffers.Put(r.space)
	r.space, r.held = nil, nil
	return r.failed
}
