package tlsconn

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/util/cert"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// counted counts the calls that send and receive.
type counted struct {
	net.Conn
	mu            sync.Mutex
	reads, writes int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reads++
	return n, err
}

func (c *counted) Write(p []byte) (int, error) {
	c.mu.Lock()
	c.writes++
	c.mu.Unlock()
	return c.Conn.Write(p)
}

func (c *counted) calls() (reads, writes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reads, c.writes
}

// pair returns two ends of a connection after the handshake, and what counts the
// calls of each.
func pair(t *testing.T, frames Frames) (here, there net.Conn, ours, theirs *counted) {
	t.Helper()
	certPEM, keyPEM, err := cert.GenerateSelfSignedCertKey("localhost", nil, nil)
	testutil.Check(t, err)
	certificate, err := tls.X509KeyPair(certPEM, keyPEM)
	testutil.Check(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	testutil.Check(t, err)
	defer listener.Close()
	client, err := net.Dial("tcp", listener.Addr().String())
	testutil.Check(t, err)
	server, err := listener.Accept()
	testutil.Check(t, err)
	ours, theirs = &counted{Conn: client}, &counted{Conn: server}
	config := &tls.Config{InsecureSkipVerify: true, DynamicRecordSizingDisabled: true, Certificates: []tls.Certificate{certificate}}
	from, to := tls.Client(NewRaw(ours), config), tls.Server(NewRaw(theirs), config)
	done := make(chan error)
	go func() { done <- to.Handshake() }()
	testutil.Check(t, from.Handshake())
	testutil.Check(t, <-done)
	here, there = Over(from, frames), Over(to, nil)
	t.Cleanup(func() { _ = here.Close(); _ = there.Close() })
	return here, there, ours, theirs
}

// TestCalls sends four records by one call.
func TestCalls(t *testing.T) {
	t.Parallel()
	here, there, ours, _ := pair(t, nil)
	data := bytes.Repeat([]byte("0123456789abcdef"), 60<<10/16)
	_, before := ours.calls()
	_, err := here.Write(data)
	testutil.Check(t, err)
	if _, after := ours.calls(); after != before+1 {
		t.Errorf("%d calls", after-before)
	}
	got := make([]byte, len(data))
	_, err = io.ReadFull(there, got)
	testutil.Check(t, err)
	if !bytes.Equal(got, data) {
		t.Error("other bytes arrived")
	}
}

// TestFramesAtOnce sends a frame when its last part is written.
func TestFramesAtOnce(t *testing.T) {
	t.Parallel()
	here, there, ours, _ := pair(t, SPDY())
	_, before := ours.calls()
	for _, part := range []string{"POST / HTTP/1.1\r\n\r\n", "\x00\x00\x00\x01", "\x00\x00\x00\x04", "da", "ta"} {
		_, err := io.WriteString(here, part)
		testutil.Check(t, err)
	}
	if _, after := ours.calls(); after != before+2 {
		t.Errorf("%d calls, want one for the header and one for the frame", after-before)
	}
	got := make([]byte, 31)
	_, err := io.ReadFull(there, got)
	testutil.Check(t, err)
	if want := "POST / HTTP/1.1\r\n\r\n\x00\x00\x00\x01\x00\x00\x00\x04data"; string(got) != want {
		t.Errorf("%q arrived", got)
	}
}

// TestThereAndBack sends megabytes in parts of many sizes, in both directions at once.
func TestThereAndBack(t *testing.T) {
	t.Parallel()
	here, there, _, theirs := pair(t, nil)
	const total = 8 << 20
	go func() { _, _ = io.Copy(there, there) }()
	go func() {
		for sent, size := 0, 1; sent < total; size = size*3%100_003 + 1 {
			part := make([]byte, min(size, total-sent))
			for i := range part {
				part[i] = byte((sent + i) % 251)
			}
			if _, err := here.Write(part); err != nil {
				return
			}
			sent += len(part)
		}
	}()
	got := make([]byte, total)
	_, err := io.ReadFull(here, got)
	testutil.Check(t, err)
	for i := range got {
		if got[i] != byte(i%251) {
			t.Fatalf("byte %d is wrong", i)
		}
	}
	if reads, writes := theirs.calls(); reads > 2*total/size*8 || writes > 2*total/size*8 {
		t.Errorf("%d reads and %d writes", reads, writes)
	}
}

// TestPassedOn sends what arrives on to another connection until its end.
func TestPassedOn(t *testing.T) {
	t.Parallel()
	from, in, _, _ := pair(t, nil)
	out, to, _, _ := pair(t, nil)
	const total = 8 << 20
	go func() {
		for sent := 0; sent < total; {
			part := bytes.Repeat([]byte{byte(sent % 251)}, min(1+sent%99_991, total-sent))
			if _, err := from.Write(part); err != nil {
				return
			}
			sent += len(part)
		}
		_ = from.Close()
	}()
	passed := make(chan int64, 1)
	go func() {
		n, err := io.Copy(out, in)
		if err != nil {
			t.Error(err)
		}
		passed <- n
		_ = out.Close()
	}()
	got, err := io.ReadAll(to)
	testutil.Check(t, err)
	if n := <-passed; n != total || len(got) != total {
		t.Fatalf("%d bytes were passed on, and %d arrived", n, len(got))
	}
	for sent := 0; sent < total; {
		n := min(1+sent%99_991, total-sent)
		if !bytes.Equal(got[sent:sent+n], bytes.Repeat([]byte{byte(sent % 251)}, n)) {
			t.Fatalf("the bytes from %d on are wrong", sent)
		}
		sent += n
	}
	if raw := in.(*Conn).raw; raw.buffer != nil {
		t.Error("a buffer is kept")
	}
}

// TestCloseWhileSending closes a connection whose peer does not receive.
func TestCloseWhileSending(t *testing.T) {
	t.Parallel()
	here, _, _, _ := pair(t, nil)
	failed := make(chan error)
	go func() {
		for {
			if _, err := here.Write(make([]byte, size/2)); err != nil {
				failed <- err
				return
			}
		}
	}()
	raw := here.(*Conn).raw
	for !raw.sending.Load() {
		time.Sleep(time.Millisecond)
	}
	_ = here.Close()
	<-failed
}

// TestIdle checks that a connection on which nothing flows has no buffers.
func TestIdle(t *testing.T) {
	t.Parallel()
	here, there, _, _ := pair(t, nil)
	for range 3 {
		_, err := here.Write(make([]byte, 3*size))
		testutil.Check(t, err)
		_, err = io.ReadFull(there, make([]byte, 3*size))
		testutil.Check(t, err)
	}
	for _, conn := range []net.Conn{here, there} {
		if raw := conn.(*Conn).raw; raw.buffer != nil || raw.space != nil {
			t.Error("a buffer is kept")
		}
	}
}
