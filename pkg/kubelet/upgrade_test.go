package kubelet

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
)

// answer is a connection from which some bytes come, in pieces of the given sizes.
type answer struct {
	net.Conn
	data  []byte
	sizes []byte
}

// Read implements net.Conn.
func (a *answer) Read(p []byte) (int, error) {
	if len(a.data) == 0 {
		return 0, io.EOF
	}
	size := len(a.data)
	if len(a.sizes) > 0 {
		size, a.sizes = int(a.sizes[0])+1, a.sizes[1:]
	}
	n := copy(p, a.data[:min(size, len(a.data))])
	a.data = a.data[n:]
	return n, nil
}

// headerEnd returns the end of the header that data begins with, in the lines that net/http
// understands, or -1.
func headerEnd(data []byte) int {
	for i := range data {
		if data[i] == '\n' && (bytes.HasSuffix(data[:i], []byte("\n")) || bytes.HasSuffix(data[:i], []byte("\n\r"))) {
			return i + 1
		}
	}
	return -1
}

// FuzzHeaderBound reads an answer that comes in pieces. All of it must arrive, however it
// is cut, unless its header is too long.
func FuzzHeaderBound(f *testing.F) {
	const bound = 64
	long := bytes.Repeat([]byte("h: v\r\n"), bound/6+2)
	f.Add([]byte("HTTP/1.1 101 Switching Protocols\r\nA: b\r\n\r\n\x00\x01stream"), []byte{0, 1, 2, 3}, false)
	f.Add([]byte("HTTP/1.1 101\nA: b\n\nstream"), []byte{12, 0, 0, 4, 0}, false)
	f.Add([]byte("HTTP/1.1 101\nA: b\n\r\nstream"), []byte{16, 0, 0, 0}, false)
	f.Add([]byte("\r\n\r\nstream"), []byte{0, 0, 0, 0}, true)
	f.Add([]byte("no end"), []byte{}, true)
	f.Fuzz(func(t *testing.T, data, sizes []byte, tooLong bool) {
		if tooLong {
			data = append(bytes.Clone(long), data...)
		}
		got, err := io.ReadAll(&headerBound{Conn: &answer{data: data, sizes: sizes}, max: bound})
		if !bytes.HasPrefix(data, got) {
			t.Fatalf("%q comes of %q", got, data)
		}
		switch end := headerEnd(data); {
		case err == nil && len(got) != len(data):
			t.Errorf("%d of %d bytes come", len(got), len(data))
		case err != nil && !errors.Is(err, errHeader):
			t.Error(err)
		case err != nil && end >= 0 && end <= bound:
			t.Errorf("a header of %d bytes is refused", end)
		case err == nil && end < 0 && len(data) > bound:
			t.Errorf("%d bytes without an end are no header", len(data))
		}
	})
}
