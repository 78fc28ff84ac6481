package testserver

import (
	"context"
	"net"

	"google.golang.org/grpc/test/bufconn"
)

// connBuffer is how many bytes can be under way in each direction of a
// connection in memory.
const connBuffer = 64 << 10

// inMemory is a listener whose connections are in memory. It gives itself an
// address, because the server derives its URL from that and knows its clients by
// theirs. Nothing listens on port 1 of the loopback address.
type inMemory struct{ *bufconn.Listener }

var memoryAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}

func listenInMemory() inMemory { return inMemory{bufconn.Listen(connBuffer)} }

// Addr implements net.Listener.
func (inMemory) Addr() net.Addr { return memoryAddr }

// Accept implements net.Listener.
func (l inMemory) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return memoryConn{conn}, nil
}

func (l inMemory) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	conn, err := l.DialContext(ctx)
	if err != nil {
		return nil, err
	}
	return memoryConn{conn}, nil
}

type memoryConn struct{ net.Conn }

// LocalAddr implements net.Conn.
func (memoryConn) LocalAddr() net.Addr { return memoryAddr }

// RemoteAddr implements net.Conn.
func (memoryConn) RemoteAddr() net.Addr { return memoryAddr }
