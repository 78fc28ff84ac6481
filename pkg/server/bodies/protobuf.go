package bodies

import "github.com/gatehouse-k8s/gatehouse/pkg/apis/quantities"

// The wire types of protobuf and, after them, what a varint is read as.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireGroup   = 3
	wireEnd     = 4
	wireFixed32 = 5
)

// usualDepth is more than the depth of the usual body in protobuf.
const usualDepth = 16

// scanProtobuf counts the messages in protobuf, and reports whether a string in it
// would be a costly quantity. Without the types of the fields, a string looks like
// a message. Therefore every field with a length is read as a message up to its
// first byte that cannot belong to one; the rest of the field is skipped. So no
// message is overlooked, each byte is read once, and what is counted is at least
// the true number. An empty message is no level, because it looks like an empty
// string, which there can be in the innermost message of all. Text and random bytes do not look like more than a few messages
// in one another.
func scanProtobuf(data []byte, maxDepth int) (messages int, costly bool, err error) {
	s := protobufScanner{data: data, ends: make([]int, 0, usualDepth)}
	for s.offset < len(data) {
		s.close()
		c := data[s.offset]
		s.offset++
		s.number |= uint64(c&0x7f) << s.bits
		s.bits += 7
		if c < 0x80 {
			s.next()
		}
		if len(s.ends) > maxDepth {
			return 0, false, tooDeep()
		}
	}
	return s.messages, s.costly, nil
}

// protobufScanner is the state of scanProtobuf.
type protobufScanner struct {
	data []byte
	// offset is the number of bytes read.
	offset int
	// ends are the offsets at which the open messages end.
	ends []int
	// number is the part of a varint that has been read, bits its size.
	number uint64
	bits   uint
	// reading is what the varint is: the tag of a field, its value, or its length.
	reading varint

	// messages and costly are what has been found.
	messages int
	costly   bool
}

type varint int

const (
	tag varint = iota
	value
	length
)

// close closes the messages that end at the offset.
func (s *protobufScanner) close() {
	for len(s.ends) > 0 && s.offset >= s.ends[len(s.ends)-1] {
		s.ends = s.ends[:len(s.ends)-1]
		s.number, s.bits, s.reading = 0, 0, tag
	}
}

// next takes a complete varint.
func (s *protobufScanner) next() {
	number, reading := s.number, s.reading
	s.number, s.bits, s.reading = 0, 0, tag
	if reading == length {
		s.open(number)
		return
	}
	if reading == value {
		return
	}
	switch number & 7 {
	case wireVarint:
		s.reading = value
	case wireFixed64:
		s.offset += min(8, s.left())
	case wireBytes:
		s.reading = length
	case wireFixed32:
		s.offset += min(4, s.left())
	case wireGroup, wireEnd: // what is between them are fields like others
	default:
		s.offset += s.left()
	}
}

// open begins a field with a length.
func (s *protobufScanner) open(length uint64) {
	if length > uint64(s.left()) {
		s.offset += s.left()
		return
	}
	s.messages++
	if length == 0 {
		return
	}
	end := s.offset + int(length)
	s.costly = s.costly || quantities.Costly(s.data[s.offset:end], false)
	s.ends = append(s.ends, end)
}

// left is the number of bytes to the end of the innermost message.
func (s *protobufScanner) left() int {
	if len(s.ends) == 0 {
		return len(s.data) - s.offset
	}
	return s.ends[len(s.ends)-1] - s.offset
}
