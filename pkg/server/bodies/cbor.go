package bodies

import (
	"math"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/quantities"
)

// The major types of CBOR (RFC 8949, section 3).
const (
	cborBytes  = 2
	cborString = 3
	cborArray  = 4
	cborMap    = 5
	cborTag    = 6
)

// The tags of byte strings that stand for an encoded form (section 3.4.5.2).
const (
	cborBase64URL = 21
	cborBase16    = 23
)

// indefinite is the number of items of an array, a map or a string that ends
// with a "break".
const indefinite = math.MaxUint64

// scanCBOR counts the arrays, maps and tags in CBOR, and reports whether a string
// in it may be a costly quantity. A string in pieces always may, and so may one
// with a tag by which it stands for its form in base64 or in hexadecimal digits.
func scanCBOR(data []byte, l limits) (costly bool, err error) {
	s, objects := cborScanner{data: data}, 0
	for len(s.data) > 0 {
		head, argument := s.head()
		opened, text := s.item(head, argument)
		if opened {
			objects++
		}
		if err := l.check(len(s.open), objects); err != nil {
			return false, err
		}
		s.close()
		major := head >> 5
		pieces := (major == cborBytes || major == cborString) && argument == indefinite
		encoded := major == cborTag && cborBase64URL <= argument && argument <= cborBase16
		costly = costly || pieces || encoded || quantities.Costly(text, false)
	}
	return costly, nil
}

// cborScanner knows which values are open.
type cborScanner struct {
	// data is what has not been read.
	data []byte
	// open are the numbers of items that the open values still have.
	open []uint64
}

// head reads the first byte of an item and its argument.
func (s *cborScanner) head() (head byte, argument uint64) {
	head, s.data = s.data[0], s.data[1:]
	switch short := head & 0x1f; {
	case short < 24:
		return head, uint64(short)
	case short < 28:
		n := min(1<<(short-24), len(s.data))
		for _, c := range s.data[:n] {
			argument = argument<<8 | uint64(c)
		}
		s.data = s.data[n:]
		return head, argument
	case short == 31:
		return head, indefinite
	}
	return head, 0
}

// item takes the head of an item. It returns whether the item has items itself,
// and the text if it is a string.
func (s *cborScanner) item(head byte, items uint64) (opened bool, text []byte) {
	if head == 0xff { // "break"
		if len(s.open) > 0 {
			s.open = s.open[:len(s.open)-1]
		}
		return false, nil
	}
	if n := len(s.open); n > 0 && s.open[n-1] != indefinite {
		s.open[n-1]--
	}
	switch head >> 5 {
	case cborBytes, cborString:
		if items != indefinite {
			n := min(items, uint64(len(s.data)))
			text, s.data, items = s.data[:n], s.data[n:], 0
		}
	case cborArray:
		opened = true
	case cborMap:
		opened = true
		if items < math.MaxUint64/2 {
			items *= 2
		}
	case cborTag:
		items = 1
	default:
		items = 0
	}
	// An empty array or map is a level as well, until close.
	if opened || items > 0 {
		s.open = append(s.open, items)
	}
	return opened, text
}

// close closes the values that have all their items.
func (s *cborScanner) close() {
	for len(s.open) > 0 && s.open[len(s.open)-1] == 0 {
		s.open = s.open[:len(s.open)-1]
	}
}
