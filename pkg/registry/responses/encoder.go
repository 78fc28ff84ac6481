// Package responses encodes what clients read, with the same result as the library but faster
// and with less memory.
//
// Most objects of a list have not changed since the last one, and encoding and compressing an object
// costs more than everything else that is done for it. So the encoders keep the compressed text
// of runs of objects (see [Cache]). A client that accepts gzip gets these bytes as they are, in the
// one stream of its response ([Cache.Compress]); for others they are uncompressed, which is
// still faster than encoding. Single objects and the events of watches are encoded without
// copying their text once more (objects.go, events.go).
package responses

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"reflect"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
)

const (
	// minItems is the number of items from which on a list is encoded with a cache.
	minItems = 8
	// bufferSize is the size of the parts in which a list is written.
	bufferSize = 32 << 10
)

// New returns a serializer whose encoders of JSON and protobuf use the cache for lists of Go types,
// and whose encoder of watch events in JSON does not read the text of their objects again.
func New(serializer runtime.NegotiatedSerializer, cache *Cache) runtime.NegotiatedSerializer {
	return negotiated{serializer, cache}
}

type negotiated struct {
	runtime.NegotiatedSerializer
	cache *Cache
}

// SupportedMediaTypes implements runtime.NegotiatedSerializer.
func (n negotiated) SupportedMediaTypes() []runtime.SerializerInfo {
	supported := slices.Clone(n.NegotiatedSerializer.SupportedMediaTypes()) // all servers share the original
	for i := range supported {
		info := &supported[i]
		switch info.MediaType {
		case runtime.ContentTypeJSON:
			info.Serializer = encoder{info.Serializer, jsonFormat{info.Serializer}, n.cache}
			info.PrettySerializer = encoder{info.PrettySerializer, prettyFormat{info.PrettySerializer}, n.cache}
			stream := *info.StreamSerializer
			stream.Serializer = eventEncoder{stream.Serializer}
			info.StreamSerializer = &stream
		case runtime.ContentTypeProtobuf:
			info.Serializer = encoder{info.Serializer, protobufFormat{}, n.cache}
		}
	}
	return supported
}

// encoder is a serializer that encodes lists in its own way.
type encoder struct {
	runtime.Serializer
	format format
	cache  *Cache
}

var _ runtime.EncoderWithAllocator = encoder{}

// Encode implements runtime.Encoder. Nearly all objects are no lists, above all those of
// watches; for them it has to be quick.
func (e encoder) Encode(obj runtime.Object, w io.Writer) error {
	if done, err := e.encode(obj, w); done {
		return err
	}
	return e.Serializer.Encode(obj, w)
}

// EncodeWithAllocator implements runtime.EncoderWithAllocator.
func (e encoder) EncodeWithAllocator(obj runtime.Object, w io.Writer, allocator runtime.MemoryAllocator) error {
	if done, err := e.encode(obj, w); done {
		return err
	}
	if s, ok := e.Serializer.(runtime.EncoderWithAllocator); ok {
		return s.EncodeWithAllocator(obj, w, allocator)
	}
	return e.Serializer.Encode(obj, w)
}

// encode encodes what it can encode faster than the library. It reports whether that was tried.
func (e encoder) encode(obj runtime.Object, w io.Writer) (done bool, err error) {
	if items, ok := e.items(obj); ok {
		return true, e.encodeList(obj, items, w)
	}
	return e.format.object(obj, w)
}

func (e encoder) encodeList(obj runtime.Object, items reflect.Value, w io.Writer) error {
	runs := split(e.format.name(), items)
	e.cache.find(runs)
	size := 0
	for i := range runs {
		size += e.size(runs[i], items)
	}
	head, tail, err := e.format.frame(obj, size)
	if err != nil {
		return err
	}
	out := newOutput(w)
	defer out.release()
	// The library only compresses a response if its first part is very small or very large.
	if _, err := w.Write(head[:1]); err != nil {
		return err
	}
	if _, err := out.Write(head[1:]); err != nil {
		return err
	}
	out.mayForget(items, runs)
	for _, r := range runs {
		if r.chunk != nil {
			err = out.writeChunk(r.chunk)
		} else {
			err = e.encodeRun(r, items, out)
		}
		if err != nil {
			return err
		}
	}
	if _, err := out.Write(tail); err != nil {
		return err
	}
	return out.flush()
}

// size returns the size of the text of a run, if the format needs it.
func (e encoder) size(r run, items reflect.Value) int {
	if r.chunk != nil {
		return r.chunk.size
	}
	size := 0
	for i := r.start; i < r.end; i++ {
		size += e.format.size(items.Index(i).Addr().Interface())
	}
	return size
}

// encodeRun encodes a run that is not kept. It keeps it if it is compressed for the
// response anyway, or if it is encoded for the second time.
func (e encoder) encodeRun(r run, items reflect.Value, out *output) error {
	compressed := out.compressed()
	var chunks *deflater
	if compressed || r.known && e.cache.again(r.key) {
		chunks = deflaters.Get().(*deflater)
		defer chunks.release()
	}
	for i := r.start; i < r.end; i++ {
		out.item.Reset()
		if err := e.format.item(&out.item, items.Index(i).Addr().Interface(), i == 0); err != nil {
			return err
		}
		if !compressed {
			if _, err := out.Write(out.item.Bytes()); err != nil {
				return err
			}
		}
		if chunks == nil {
			continue
		}
		chunks.write(out.item.Bytes())
		if chunks.full() {
			r.known = false // it is too large to be kept
			if chunk := chunks.chunk(); compressed {
				if err := out.writeChunk(chunk); err != nil {
					return err
				}
			}
		}
	}
	if chunks == nil {
		return nil
	}
	chunk := chunks.chunk()
	if r.known {
		e.cache.keep(r.key, chunk)
	}
	if compressed {
		return out.writeChunk(chunk)
	}
	return nil
}

// output is where a list is written to.
type output struct {
	// Writer takes text: the writer of the response if the response compresses it,
	// otherwise a buffer before it.
	io.Writer
	buffer *bufio.Writer
	direct io.Writer
	// response is nil if nobody compresses, and nobody takes turns.
	response *response
	// item has room for the text of an item.
	item bytes.Buffer
}

// newOutput asks the writer of the library for the response that is behind it, which may take
// compressed chunks.
func newOutput(w io.Writer) *output {
	o := &output{Writer: w, direct: w}
	_, err := w.Write(question)
	if offer := (offer{}); errors.As(err, &offer) {
		o.response = offer.response
		if o.response.accepts {
			return o
		}
	}
	o.buffer = buffers.Get().(*bufio.Writer)
	o.buffer.Reset(w)
	o.Writer = o.buffer
	return o
}

// mayForget removes the objects from the list of a request if none has to be encoded: it may
// take long until the client has read the response.
func (o *output) mayForget(items reflect.Value, runs []run) {
	if o.response == nil {
		return
	}
	o.response.noteSize(int64(items.Len()) * int64(items.Type().Elem().Size()))
	if !slices.ContainsFunc(runs, func(r run) bool { return r.chunk == nil }) {
		items.SetZero()
		o.response.release()
	}
}

// compressed says whether chunks are put into the response without uncompressing them.
func (o *output) compressed() bool { return o.response != nil && o.response.compresses() }

func (o *output) writeChunk(c *chunk) error {
	if o.response != nil && o.response.takes(c) {
		return o.response.writeChunk(o.direct, c)
	}
	return c.inflate(o.Writer)
}

func (o *output) flush() error {
	if o.buffer != nil {
		return o.buffer.Flush()
	}
	return nil
}

func (o *output) release() {
	if o.buffer != nil {
		o.buffer.Reset(nil)
		buffers.Put(o.buffer)
	}
}

var buffers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, bufferSize) }}
