package tlsconn

import (
	"bytes"
	"encoding/binary"
)

// framing follows the frames of a protocol that begins after an HTTP header.
type framing struct {
	// start reads the beginning of a frame.
	start  func(begin []byte) start
	begin  []byte
	left   uint64 // bytes of the payload that have not been written
	more   bool   // the frame is continued in the next one
	last   []byte // the end of what was written of the HTTP header
	inside bool   // the HTTP header is past
	off    bool   // the protocol has not begun, because the upgrade was refused
}

// start is the beginning of a frame.
type start struct {
	// needs is how many bytes are missing at least. The rest is known only if
	// nothing is missing.
	needs int
	// payload is how many bytes follow.
	payload uint64
	// more is true if the message is continued in the next frame.
	more bool
}

// SPDY returns the frames of SPDY/3.1 that follow an HTTP header: a request, or an
// answer that accepts it.
func SPDY() Frames {
	return &framing{start: func(begin []byte) start {
		if len(begin) < 8 {
			return start{needs: 8 - len(begin)}
		}
		return start{payload: uint64(binary.BigEndian.Uint32(begin[4:])) & 0xffffff}
	}}
}

// WebSocket returns the frames of RFC 6455 that a server sends. The frames of one
// message count as one.
func WebSocket() Frames { return &framing{start: webSocketFrame} }

func webSocketFrame(begin []byte) start {
	if len(begin) < 2 {
		return start{needs: 2 - len(begin)}
	}
	f := start{payload: uint64(begin[1] & 0x7f), more: begin[0]&0x80 == 0}
	size := 2
	switch f.payload {
	case 126:
		size = 4
	case 127:
		size = 10
	}
	if len(begin) < size {
		return start{needs: size - len(begin)}
	}
	switch size {
	case 4:
		f.payload = uint64(binary.BigEndian.Uint16(begin[2:]))
	case 10:
		f.payload = binary.BigEndian.Uint64(begin[2:])
	}
	return f
}

// Whole implements Frames. Parts of the HTTP header count as whole.
func (f *framing) Whole(p []byte) bool {
	if !f.inside {
		p = f.header(p)
	}
	for len(p) > 0 {
		if f.left > 0 {
			n := min(f.left, uint64(len(p)))
			f.left, p = f.left-n, p[n:]
			continue
		}
		n := min(f.start(f.begin).needs, len(p))
		f.begin, p = append(f.begin, p[:n]...), p[n:]
		if frame := f.start(f.begin); frame.needs == 0 {
			f.left, f.more, f.begin = frame.payload, frame.more, f.begin[:0]
		}
	}
	return f.left == 0 && len(f.begin) == 0 && !f.more
}

// endOfHeader is where an HTTP header ends.
var endOfHeader = []byte("\r\n\r\n")

// answer is how an HTTP answer begins, and accepted one that accepts an upgrade.
const answer, accepted = "HTTP/", "HTTP/1.1 101 "

// header takes what is written of the HTTP header, and returns what follows it.
func (f *framing) header(p []byte) []byte {
	if f.off {
		return nil
	}
	seen := append(f.last, p...)
	if len(seen) >= len(accepted) && bytes.HasPrefix(seen, []byte(answer)) && !bytes.HasPrefix(seen, []byte(accepted)) {
		f.off, f.last = true, nil
		return nil
	}
	end := bytes.Index(seen, endOfHeader)
	if end < 0 {
		f.last = seen
		return nil
	}
	f.inside, f.last = true, nil
	return seen[end+len(endOfHeader):]
}
