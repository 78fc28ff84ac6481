package tlsconn

import (
	"strings"
	"testing"
)

func TestFrames(t *testing.T) {
	t.Parallel()
	const (
		request = "GET / HTTP/1.1\r\nA: b\r\n\r\n"
		accepts = "HTTP/1.1 101 Switching Protocols\r\nA: b\r\n\r\n"
		refuses = "HTTP/1.1 403 Forbidden\r\nA: b\r\n\r\nno"
	)
	long := strings.Repeat("x", 300)
	for _, test := range []struct {
		name   string
		frames Frames
		whole  []string // an HTTP header, and a frame each, whole only with its last byte
	}{
		{"SPDY", SPDY(), []string{request, "\x00\x00\x00\x01\x00\x00\x00\x03abc",
			"\x80\x03\x00\x06\x00\x00\x00\x04\x00\x00\x00\x01", "\x00\x00\x00\x01\x01\x00\x00\x00"}},
		{"SPDY, long frame", SPDY(), []string{accepts, "\x00\x00\x00\x01\x00\x00\x01\x2c" + long}},
		{"WebSocket", WebSocket(), []string{accepts, "\x82\x03abc", "\x89\x00",
			"\x82\x7e\x01\x2c" + long, "\x82\x7f\x00\x00\x00\x00\x00\x00\x01\x2c" + long}},
		{"WebSocket, message of several frames", WebSocket(), []string{accepts, "\x02\x03abc\x80\x00", "\x82\x01a"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for n, frame := range test.whole {
				for i := range len(frame) {
					if got, want := test.frames.Whole([]byte{frame[i]}), n == 0 || i == len(frame)-1; got != want {
						t.Fatalf("%q is whole: %v, after %d bytes of %d", frame, got, i+1, len(frame))
					}
				}
			}
			if !test.frames.Whole([]byte(strings.Join(test.whole[1:], ""))) {
				t.Error("all frames together are not whole")
			}
		})
	}
	if f := WebSocket(); !f.Whole([]byte(refuses)) || !f.Whole([]byte("\x82")) {
		t.Error("an answer that refuses the upgrade has frames")
	}
}

// FuzzFrames checks that any bytes are followed the same however they are cut.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("HTTP/1.1 101 x\r\n\r\n\x82\x03abc"), 5)
	f.Fuzz(func(t *testing.T, data []byte, cut int) {
		if cut < 0 || cut > len(data) {
			return
		}
		for _, frames := range []func() Frames{SPDY, WebSocket} {
			once, twice := frames(), frames()
			twice.Whole(data[:cut])
			if a, b := once.Whole(data), twice.Whole(data[cut:]); a != b {
				t.Errorf("whole at once: %v, in two parts: %v", a, b)
			}
		}
	})
}
