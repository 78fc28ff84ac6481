package channels

import (
	"encoding/base64"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	protocols "k8s.io/apimachinery/pkg/util/remotecommand"
	apiserverproxy "k8s.io/apiserver/pkg/util/proxy"
	"k8s.io/client-go/tools/remotecommand"
)

const (
	// idle is after what time a connection on which nothing flows ends.
	idle = 4 * time.Hour
	// last is how long each of the last two messages of a connection may take.
	last = 10 * time.Second
	// largest is how many bytes of a stream a message has at most, as many as io.Copy
	// passes on at a time.
	largest = 32 << 10
)

// upgrader accepts requests of any origin, like kube-apiserver: browsers do not send a
// client's credentials by themselves. Connections share buffers, which they have only
// while they write.
var upgrader = websocket.Upgrader{
	Subprotocols:    []string{protocols.StreamProtocolV5Name},
	CheckOrigin:     func(*http.Request) bool { return true },
	WriteBufferSize: 1 + largest,
	WriteBufferPool: &sync.Pool{},
}

// Conn is a connection with a client.
type Conn struct {
	ws *websocket.Conn
	// What arrives is written to arrived, and Stdin reads it.
	stdin   *io.PipeReader
	arrived *io.PipeWriter
	// sizes contains the last size of the client's terminal that nobody has asked for.
	// It is nil if there is no terminal.
	sizes chan remotecommand.TerminalSize

	writing sync.Mutex
}

// Accepts reports whether Open understands the request, which is the case if it is a
// complete handshake of RFC 6455.
func Accepts(r *http.Request) bool {
	key, err := base64.StdEncoding.DecodeString(r.Header.Get("Sec-Websocket-Key"))
	return err == nil && len(key) == 16 && r.Method == http.MethodGet && r.Header.Get("Sec-Websocket-Version") == "13" &&
		websocket.IsWebSocketUpgrade(r)
}

// Open accepts a request for the streams that are asked for, and tells the client so
// by an empty message of its first output. If it fails, it has answered as far as it
// could. Otherwise the caller must call Serve and Close.
func Open(w http.ResponseWriter, r *http.Request, asked apiserverproxy.Options) (*Conn, error) {
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return nil, err
	}
	c := &Conn{ws: ws}
	c.stdin, c.arrived = io.Pipe()
	if !asked.Stdin {
		_ = c.stdin.Close() // what arrives is thrown away
	}
	if asked.Tty {
		c.sizes = make(chan remotecommand.TerminalSize, 1)
	}
	first := byte(protocols.StreamErr)
	switch {
	case asked.Stdout:
		first = protocols.StreamStdOut
	case asked.Stderr:
		first = protocols.StreamStdErr
	}
	if err := c.send(first, nil, idle); err != nil {
		_ = ws.Close()
		return nil, err
	}
	return c, nil
}

// Stdin returns the input of the client.
func (c *Conn) Stdin() io.Reader { return c.stdin }

// Stdout returns what sends a program's output to the client.
func (c *Conn) Stdout() io.Writer { return output{c, protocols.StreamStdOut} }

// Stderr returns what sends a program's errors to the client.
func (c *Conn) Stderr() io.Writer { return output{c, protocols.StreamStdErr} }

// Next implements remotecommand.TerminalSizeQueue. It returns nil when the connection
// has ended.
func (c *Conn) Next() *remotecommand.TerminalSize {
	if size, ok := <-c.sizes; ok {
		return &size
	}
	return nil
}

// Close sends the client the encoded status with which the program ended, and closes
// the connection.
func (c *Conn) Close(status []byte) {
	_ = c.stdin.Close()
	_ = c.ws.NetConn().SetWriteDeadline(time.Now().Add(last)) // for a write that waits for the client
	_ = c.send(protocols.StreamErr, status, last)
	normal := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	_ = c.ws.WriteControl(websocket.CloseMessage, normal, time.Now().Add(last))
	_ = c.ws.Close()
}

// output is a stream to the client.
type output struct {
	conn    *Conn
	channel byte
}

// Write implements io.Writer.
func (o output) Write(p []byte) (written int, err error) {
	for part := range slices.Chunk(p, largest) {
		if err := o.conn.send(o.channel, part, idle); err != nil {
			return written, err
		}
		written += len(part)
	}
	return written, nil
}

// send sends a message, which may take so long.
func (c *Conn) send(channel byte, data []byte, within time.Duration) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	_ = c.ws.SetWriteDeadline(time.Now().Add(within))
	_ = c.ws.SetReadDeadline(time.Now().Add(idle))
	w, err := c.ws.NextWriter(websocket.BinaryMessage)
	if err != nil {
		return err
	}
	for _, part := range [][]byte{{channel}, data} {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return w.Close()
}
