package bodies

import (
	"io"
	"math"
)

// cborBody is a body in CBOR.
type cborBody struct {
	io.ReadCloser
	scanner cborScanner
}

// Read implements io.Reader. It fails if the body is too deep.
func (b *cborBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if !b.scanner.scan(p[:n]) {
		return 0, tooDeep()
	}
	return n, err
}

// The major types of CBOR (RFC 8949, section 3).
const (
	cborBytes  = 2
	cborString = 3
	cborArray  = 4
	cborMap    = 5
	cborTag    = 6
)

// indefinite is the number of items of an array, a map or a string that ends
// with a "break".
const indefinite = math.MaxUint64

// cborScanner counts the arrays, maps and tags that are open in CBOR that comes
// in pieces.
type cborScanner struct {
	// limit is the number of values that may be open.
	limit int
	// open are the numbers of items that the open values still have.
	open []uint64
	// skip is the number of bytes of a string that are still to be skipped.
	skip uint64
	// head is the first byte of an item whose argument is being read, argument
	// the part of it that has been read, and missing the number of its bytes that
	// have not.
	head     byte
	argument uint64
	missing  int
}

// scan reads the next piece. It returns false if the values are too deep.
func (s *cborScanner) scan(p []byte) bool {
	for len(p) > 0 {
		if s.skip > 0 {
			n := min(s.skip, uint64(len(p)))
			s.skip, p = s.skip-n, p[n:]
			continue
		}
		c := p[0]
		p = p[1:]
		if s.missing > 0 {
			s.argument = s.argument<<8 | uint64(c)
			s.missing--
		} else {
			s.begin(c)
		}
		if s.missing == 0 && !s.item() {
			return false
		}
	}
	return true
}

// begin reads the first byte of an item.
func (s *cborScanner) begin(c byte) {
	s.head, s.argument = c, 0
	switch short := c & 0x1f; {
	case short < 24:
		s.argument = uint64(short)
	case short < 28:
		s.missing = 1 << (short - 24)
	case short == 31:
		s.argument = indefinite
	}
}

// item takes the head of an item. It returns false if the values are too deep.
func (s *cborScanner) item() bool {
	if s.head == 0xff { // "break"
		if len(s.open) > 0 {
			s.open = s.open[:len(s.open)-1]
		}
		s.close()
		return true
	}
	if n := len(s.open); n > 0 && s.open[n-1] != indefinite {
		s.open[n-1]--
	}
	items := s.argument
	switch s.head >> 5 {
	case cborBytes, cborString:
		if items != indefinite {
			s.skip, items = items, 0
		}
	case cborArray:
	case cborMap:
		if items < math.MaxUint64/2 {
			items *= 2
		}
	case cborTag:
		items = 1
	default:
		items = 0
	}
	if items > 0 {
		s.open = append(s.open, items)
	}
	s.close()
	return len(s.open) <= s.limit
}

// close closes the values that have all their items.
func (s *cborScanner) close() {
	for len(s.open) > 0 && s.open[len(s.open)-1] == 0 {
		s.open = s.open[:len(s.open)-1]
	}
}
