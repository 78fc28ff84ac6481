package channels

import (
	"encoding/json"
	"errors"
	"io"
	"sync"
	"time"

	protocols "k8s.io/apimachinery/pkg/util/remotecommand"
	"k8s.io/client-go/tools/remotecommand"
)

// message is the first part of a message, and what is left of it. A connection has
// memory for it only while one arrives.
type message struct {
	buffer [1 + largest]byte
	first  []byte
	rest   io.Reader
	whole  bool // there is no rest
}

var messages = sync.Pool{New: func() any { return new(message) }}

// errProtocol is why a connection ends with a client that does not follow the protocol.
var errProtocol = errors.New("a message to close a channel must have the number of the channel and nothing else")

// Serve receives messages until the connection ends, and returns why it did.
func (c *Conn) Serve() error {
	defer c.ended()
	for {
		_ = c.ws.SetReadDeadline(time.Now().Add(idle))
		_, r, err := c.ws.NextReader()
		if err != nil {
			return err
		}
		if err := c.receive(r); err != nil {
			return err
		}
	}
}

func (c *Conn) ended() {
	_ = c.arrived.Close()
	if c.sizes != nil {
		close(c.sizes)
	}
}

func (c *Conn) receive(r io.Reader) error {
	m := messages.Get().(*message)
	defer messages.Put(m)
	m.rest = r
	defer func() { m.rest = nil }()
	if err := m.read(); err != nil || len(m.first) == 0 {
		return err
	}
	channel := m.first[0]
	m.first = m.first[1:]
	switch channel {
	case protocols.StreamStdIn:
		return c.input(m)
	case protocols.StreamResize:
		c.resize(m)
	case protocols.StreamClose:
		return c.closeChannel(m)
	}
	return nil // kube-apiserver ignores messages of other channels, too
}

// read reads a part of the message.
func (m *message) read() error {
	n, err := io.ReadFull(m.rest, m.buffer[:])
	m.first, m.whole = m.buffer[:n], err != nil
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// input passes on input. Nobody wants it any more if that fails.
func (c *Conn) input(m *message) error {
	for {
		if _, err := c.arrived.Write(m.first); err != nil || m.whole {
			return nil
		}
		if err := m.read(); err != nil {
			return err
		}
	}
}

// resize takes a new size of the terminal. One that has not been asked for is
// replaced, so that input never waits for it.
func (c *Conn) resize(m *message) {
	var size remotecommand.TerminalSize
	if c.sizes == nil || !m.whole || json.Unmarshal(m.first, &size) != nil {
		return
	}
	select {
	case <-c.sizes:
	default:
	}
	c.sizes <- size
}

// closeChannel ends the stream of a channel. Only one goes to the program.
func (c *Conn) closeChannel(m *message) error {
	if len(m.first) != 1 || m.first[0] > protocols.StreamResize {
		return errProtocol
	}
	if m.first[0] == protocols.StreamStdIn {
		return c.arrived.Close()
	}
	return nil
}
