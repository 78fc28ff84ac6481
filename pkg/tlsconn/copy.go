package tlsconn

import (
	"errors"
	"io"
)

// few is for how many bytes a connection that waits in WriteTo has room.
const few = 512

// WriteTo implements io.WriterTo. io.Copy passes on by it, at once, what has
// arrived, and has no buffer of its own while nothing arrives.
func (c *Conn) WriteTo(w io.Writer) (int64, error) {
	first := make([]byte, few)
	for written := int64(0); ; {
		n, err := c.Read(first)
		if n > 0 {
			passed, failed := c.pass(w, first[:n])
			written += int64(passed)
			if failed != nil {
				return written, failed
			}
		}
		if errors.Is(err, io.EOF) {
			return written, nil
		}
		if err != nil {
			return written, err
		}
	}
}

// pass writes the bytes that have been read, and those that have arrived after them.
func (c *Conn) pass(w io.Writer, first []byte) (int, error) {
	if len(first) < few {
		return w.Write(first)
	}
	buffer := buffers.Get().(*[size]byte)
	defer buffers.Put(buffer)
	n := copy(buffer[:], first)
	n += c.arrived(buffer[n:])
	return w.Write(buffer[:n])
}
