package bodies

import (
	"io"
	"math"
)

// protobufPrefix begins every object in Kubernetes' protobuf encoding; a
// runtime.Unknown follows, which contains the object.
const protobufPrefix = "k8s\x00"

// protobufBody is a body in protobuf.
type protobufBody struct {
	io.ReadCloser
	scanner protobufScanner
}

// Read implements io.Reader. It fails if the body is too deep.
func (b *protobufBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if !b.scanner.scan(p[:n]) {
		return 0, tooDeep()
	}
	return n, err
}

// The wire types of protobuf and, after them, what a varint is read as.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireGroup   = 3
	wireEnd     = 4
	wireFixed32 = 5
)

// protobufScanner counts the messages that are open in protobuf that comes in
// pieces. Without the types of the fields, a string looks like a message.
// Therefore every field with a length is read as a message up to its first byte
// that cannot belong to one; the rest of the field is skipped. So no message is
// overlooked, each byte is read once, and what is counted is at least the true
// depth. Text and random bytes do not look like more than a few messages.
type protobufScanner struct {
	// limit is the number of messages that may be open.
	limit int
	// offset is the number of bytes read, skip of those to be skipped next.
	offset, skip int
	// ends are the offsets at which the open messages end.
	ends []int
	// number is the part of a varint that has been read, bits its size.
	number uint64
	bits   uint
	// reading is what the varint is: the tag of a field, its value, or its length.
	reading varint
}

type varint int

const (
	tag varint = iota
	value
	length
)

// scan reads the next piece. It returns false if the messages are too deep.
func (s *protobufScanner) scan(p []byte) bool {
	for len(p) > 0 {
		if s.skip > 0 {
			n := min(s.skip, len(p))
			s.skip, s.offset, p = s.skip-n, s.offset+n, p[n:]
			continue
		}
		s.close()
		c := p[0]
		s.offset, p = s.offset+1, p[1:]
		s.number |= uint64(c&0x7f) << s.bits
		s.bits += 7
		if c < 0x80 && !s.next() {
			return false
		}
	}
	return true
}

// close closes the messages that end at the offset.
func (s *protobufScanner) close() {
	for len(s.ends) > 0 && s.offset >= s.ends[len(s.ends)-1] {
		s.ends = s.ends[:len(s.ends)-1]
		s.number, s.bits, s.reading = 0, 0, tag
	}
}

// next takes a complete varint. It returns false if the messages are too deep.
func (s *protobufScanner) next() bool {
	number, reading := s.number, s.reading
	s.number, s.bits, s.reading = 0, 0, tag
	if reading == length {
		return s.open(number)
	}
	if reading == value {
		return true
	}
	switch number & 7 {
	case wireVarint:
		s.reading = value
	case wireFixed64:
		s.skip = min(8, s.left())
	case wireBytes:
		s.reading = length
	case wireFixed32:
		s.skip = min(4, s.left())
	case wireGroup, wireEnd: // what is between them are fields like others
	default:
		s.skip = s.left()
	}
	return true
}

// open begins a field with a length.
func (s *protobufScanner) open(length uint64) bool {
	if length > uint64(s.left()) {
		s.skip = s.left()
		return true
	}
	if length == 0 {
		return true
	}
	s.ends = append(s.ends, s.offset+int(length))
	return len(s.ends) <= s.limit
}

// left is the number of bytes to the end of the innermost message. The end of
// the outermost one is not known.
func (s *protobufScanner) left() int {
	if len(s.ends) == 0 {
		return math.MaxInt - s.offset
	}
	return s.ends[len(s.ends)-1] - s.offset
}
