package responses

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
)

// maxChunk is the greatest number of compressed bytes that are kept together.
const maxChunk = 1 << 20

// chunk is a compressed part of a list. Its DEFLATE blocks refer to nothing before them and end
// at the boundary of a byte, so that they may be put into any stream.
type chunk struct {
	deflated []byte
	// size and crc are those of the text.
	size int
	crc  uint32
}

// inflate writes the text of the chunk.
func (c *chunk) inflate(w io.Writer) error {
	in := inflaters.Get().(*inflater)
	defer inflaters.Put(in)
	if err := in.reader.(flate.Resetter).Reset(bytes.NewReader(c.deflated), nil); err != nil {
		return err
	}
	// The blocks have no final one among them, so it is the size that says where they end.
	n, err := io.CopyBuffer(onlyWriter{w}, io.LimitReader(in.reader, int64(c.size)), in.buffer)
	if err == nil && n != int64(c.size) {
		err = fmt.Errorf("%d of %d bytes are in the chunk: %w", n, c.size, io.ErrUnexpectedEOF)
	}
	return err
}

// onlyWriter hides io.ReaderFrom, which would use small parts.
type onlyWriter struct{ io.Writer }

type inflater struct {
	reader io.ReadCloser
	buffer []byte
}

var inflaters = sync.Pool{New: func() any {
	return &inflater{flate.NewReader(bytes.NewReader(nil)), make([]byte, bufferSize)}
}}

// deflater makes chunks.
type deflater struct {
	out  bytes.Buffer
	in   *flate.Writer
	size int
	crc  uint32
}

var deflaters = sync.Pool{New: func() any {
	d := &deflater{}
	d.in = newFlateWriter(&d.out)
	return d
}}

// newFlateWriter compresses as the library does for responses.
func newFlateWriter(w io.Writer) *flate.Writer {
	in, err := flate.NewWriter(w, flate.BestSpeed)
	if err != nil {
		panic(err) // only for a level that does not exist
	}
	return in
}

// write adds text to the next chunk.
func (d *deflater) write(text []byte) {
	_, _ = d.in.Write(text) // a bytes.Buffer takes everything
	d.size += len(text)
	d.crc = crc32.Update(d.crc, crc32.IEEETable, text)
}

// full says whether the next chunk is as large as it may be.
func (d *deflater) full() bool { return d.out.Len() >= maxChunk }

// chunk returns what was written, and begins anew.
func (d *deflater) chunk() *chunk {
	_ = d.in.Flush()
	c := &chunk{deflated: bytes.Clone(d.out.Bytes()), size: d.size, crc: d.crc}
	d.reset()
	return c
}

func (d *deflater) reset() {
	d.out.Reset()
	d.in.Reset(&d.out)
	d.size, d.crc = 0, 0
}

// release makes the deflater free for others.
func (d *deflater) release() {
	d.reset()
	deflaters.Put(d)
}
