package server

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// TestCloseQuiet closes connections while one of them still sends its answer,
// which must arrive as a whole.
func TestCloseQuiet(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	testutil.Check(t, err)
	c := newConnections(listener)
	defer c.Close()
	const parts = 20
	served := make(chan struct{})
	go func() {
		defer close(served)
		for i := range 2 {
			conn, err := c.Accept()
			if err != nil {
				t.Error(err)
				return
			}
			if i == 1 {
				go func() {
					for range parts {
						_, _ = conn.Write([]byte("x"))
						time.Sleep(quiet / 4)
					}
				}()
			}
		}
	}()
	idle, err := net.Dial("tcp", listener.Addr().String())
	testutil.Check(t, err)
	busy, err := net.Dial("tcp", listener.Addr().String())
	testutil.Check(t, err)
	<-served
	c.closeQuiet()
	if answer, err := io.ReadAll(busy); err != nil || len(answer) == 0 {
		t.Errorf("the answer is %q, %v", answer, err)
	}
	if _, err := idle.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the idle connection: %v", err)
	}
	if left := c.list(); len(left) > 0 {
		t.Errorf("%d connections are left", len(left))
	}
}
