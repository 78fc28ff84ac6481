package channels

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	apiserverproxy "k8s.io/apiserver/pkg/util/proxy"
	"k8s.io/client-go/tools/remotecommand"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

var all = apiserverproxy.Options{Stdin: true, Stdout: true, Stderr: true, Tty: true}

// served is a connection, and how its Serve ends.
type served struct {
	*Conn
	ended chan error
}

// connect returns both ends of a connection.
func connect(t *testing.T, s apiserverproxy.Options) (*websocket.Conn, served) {
	t.Helper()
	opened := make(chan served, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !Accepts(r) {
			t.Error("the request is not accepted")
		}
		conn, err := Open(w, r, s)
		if err != nil {
			t.Error(err)
			return
		}
		ended := make(chan error, 1)
		opened <- served{conn, ended}
		ended <- conn.Serve()
	}))
	t.Cleanup(server.Close)
	dialer := websocket.Dialer{Subprotocols: []string{"v4.channel.k8s.io", "v5.channel.k8s.io"}}
	client, answer, err := dialer.Dial("ws"+strings.TrimPrefix(server.URL, "http"), nil)
	testutil.Check(t, err)
	t.Cleanup(func() { _ = client.Close(); _ = answer.Body.Close() })
	if client.Subprotocol() != "v5.channel.k8s.io" {
		t.Errorf("the protocol is %q", client.Subprotocol())
	}
	conn := <-opened
	t.Cleanup(func() { conn.Close(nil) })
	return client, conn
}

func expect(t *testing.T, client *websocket.Conn, want string) {
	t.Helper()
	kind, got, err := client.ReadMessage()
	testutil.Check(t, err)
	if kind != websocket.BinaryMessage || string(got) != want {
		t.Fatalf("message of type %d: %.40q, want %.40q", kind, got, want)
	}
}

func say(t *testing.T, client *websocket.Conn, message string) {
	t.Helper()
	if err := client.WriteMessage(websocket.BinaryMessage, []byte(message)); err != nil {
		t.Error(err)
	}
}

// sayInFragments sends a message in frames of the size of the client's buffer.
func sayInFragments(t *testing.T, client *websocket.Conn, message string) {
	t.Helper()
	w, err := client.NextWriter(websocket.BinaryMessage)
	if err != nil {
		t.Error(err)
		return
	}
	_, err = io.WriteString(w, message)
	if err := errors.Join(err, w.Close()); err != nil {
		t.Error(err)
	}
}

// TestOpen checks which stream tells a client that its request was accepted.
func TestOpen(t *testing.T) {
	t.Parallel()
	for want, streams := range map[string]apiserverproxy.Options{"\x01": all, "\x02": {Stderr: true}, "\x03": {Stdin: true}} {
		client, _ := connect(t, streams)
		expect(t, client, want)
	}
}

func TestAccepts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*http.Request)
		want   bool
	}{
		"complete":         {func(*http.Request) {}, true},
		"another method":   {func(r *http.Request) { r.Method = http.MethodPost }, false},
		"another version":  {func(r *http.Request) { r.Header.Set("Sec-Websocket-Version", "8") }, false},
		"no key":           {func(r *http.Request) { r.Header.Del("Sec-Websocket-Key") }, false},
		"a short key":      {func(r *http.Request) { r.Header.Set("Sec-Websocket-Key", "a2V5") }, false},
		"another protocol": {func(r *http.Request) { r.Header.Set("Upgrade", "SPDY/3.1") }, false},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		for header, value := range map[string]string{
			"Connection": "Upgrade", "Upgrade": "websocket", "Sec-Websocket-Version": "13", "Sec-Websocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
		} {
			r.Header.Set(header, value)
		}
		test.change(r)
		if got := Accepts(r); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestStdin sends input in one message of many bytes and in fragments, between messages of other
// channels, and then ends it.
func TestStdin(t *testing.T) {
	t.Parallel()
	client, conn := connect(t, apiserverproxy.Options{Stdin: true})
	said := make(chan struct{})
	go func() {
		defer close(said)
		sayInFragments(t, client, "\x00"+strings.Repeat("many", 50_000))
		say(t, client, "")
		say(t, client, "\x01no output comes from a client")
		say(t, client, "\x09no such channel")
		say(t, client, "\x04{\"Width\":80,\"Height\":25}")
		say(t, client, "\x00"+strings.Repeat("more", 50_000))
		say(t, client, "\xff\x01")
		say(t, client, "\xff\x00")
		say(t, client, "\x00too late")
	}()
	got, err := io.ReadAll(conn.Stdin())
	<-said
	testutil.Check(t, err)
	if want := strings.Repeat("many", 50_000) + strings.Repeat("more", 50_000); string(got) != want {
		t.Errorf("%d bytes arrived, not the right %d", len(got), len(want))
	}
}

// TestOutput sends two streams at once, then the status, and closes the connection.
func TestOutput(t *testing.T) {
	t.Parallel()
	client, conn := connect(t, all)
	expect(t, client, "\x01")
	sent := make(chan error)
	for _, to := range []io.Writer{conn.Stdout(), conn.Stderr()} {
		go func() {
			_, err := io.Copy(to, strings.NewReader(strings.Repeat("text", 50_000)))
			sent <- err
		}()
	}
	go func() {
		if err := errors.Join(<-sent, <-sent); err != nil {
			t.Error(err)
		}
		conn.Close([]byte("{}"))
	}()
	got := map[byte]int{}
	for {
		_, message, err := client.ReadMessage()
		if err != nil {
			if !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
				t.Error(err)
			}
			break
		}
		if len(message) > 1+largest {
			t.Errorf("a message of %d bytes", len(message))
		}
		got[message[0]] += len(message) - 1
	}
	if got[1] != 200_000 || got[2] != 200_000 || got[3] != 2 || len(got) != 3 {
		t.Errorf("bytes of each channel: %v", got)
	}
	if <-conn.ended == nil {
		t.Error("Serve has no error")
	}
}

// TestTerminal checks that the last size counts, and that input does not wait for
// somebody who asks for sizes.
func TestTerminal(t *testing.T) {
	t.Parallel()
	client, conn := connect(t, all)
	for _, message := range []string{`{"Width":80,"Height":25}`, `{"Width":`, `{"Width":132,"Height":50}`, "text"} {
		say(t, client, "\x04"+message)
	}
	say(t, client, "\x00x")
	_, err := io.ReadFull(conn.Stdin(), make([]byte, 1))
	testutil.Check(t, err)
	if got := conn.Next(); got == nil || *got != (remotecommand.TerminalSize{Width: 132, Height: 50}) {
		t.Errorf("the size is %v", got)
	}
}

// TestEnd checks that everything ends when the client goes away or breaks the protocol.
func TestEnd(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*testing.T, *websocket.Conn){
		"close a channel that does not exist": func(t *testing.T, client *websocket.Conn) { say(t, client, "\xff\x05") },
		"close no channel":                    func(t *testing.T, client *websocket.Conn) { say(t, client, "\xff") },
		"close two channels":                  func(t *testing.T, client *websocket.Conn) { say(t, client, "\xff\x00\x01") },
		"hang up":                             func(t *testing.T, client *websocket.Conn) { testutil.Check(t, client.Close()) },
		"hang up in a message": func(t *testing.T, client *websocket.Conn) {
			_, err := client.NetConn().Write([]byte{0x82, 0xfe, 0xff, 0xff, 0, 0, 0, 0, 0, 'x'})
			testutil.Check(t, errors.Join(err, client.Close()))
		},
		"a message without a mask": func(t *testing.T, client *websocket.Conn) {
			_, err := client.NetConn().Write([]byte{0x82, 0x02, 0, 'x'})
			testutil.Check(t, err)
		},
	} {
		client, conn := connect(t, all)
		end(t, client)
		if got, err := io.ReadAll(conn.Stdin()); len(got) > 0 || err != nil {
			t.Errorf("%s: input %q, %v", name, got, err)
		}
		if got := conn.Next(); got != nil {
			t.Errorf("%s: size %v", name, got)
		}
		if <-conn.ended == nil {
			t.Errorf("%s: Serve has no error", name)
		}
	}
}

// TestUnreadInput closes a connection with input that nobody reads.
func TestUnreadInput(t *testing.T) {
	t.Parallel()
	client, conn := connect(t, all)
	say(t, client, "\x00x")
	conn.Close([]byte("{}"))
	<-conn.ended
}
