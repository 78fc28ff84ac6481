package responses

import (
	"bufio"
	"encoding/binary"
	"hash/crc32"
	"io"
	"net/http"
	"sync"

	restful "github.com/emicklei/go-restful/v3"
	"github.com/klauspost/compress/flate"
	"k8s.io/apiserver/pkg/endpoints/handlers/responsewriters"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	genericfeatures "k8s.io/apiserver/pkg/features"
)

// minCompressed is the size from which on the library compresses a response.
const minCompressed = 128 << 10

// Compress is a filter that compresses the responses of lists as the library does, but can put
// compressed chunks into them. It hides from the library that the client accepts gzip. Large lists
// take turns, whatever the client accepts.
func (c *Cache) Compress(request *restful.Request, to *restful.Response, chain *restful.FilterChain) {
	info, ok := genericapirequest.RequestInfoFrom(request.Request.Context())
	if !ok || info.Verb != "list" {
		chain.ProcessFilter(request, to)
		return
	}
	path := request.Request.URL.Path
	gzip := responsewriters.ContentEncodingSupported(request.Request, genericfeatures.APIResponseCompression) == "gzip"
	r := &response{ResponseWriter: to.ResponseWriter, accepts: gzip}
	r.noteSize = func(size int64) {
		r.noted = true
		c.turns.note(path, size)
	}
	r.release = c.turns.take(request.Request.Context(), path)
	defer r.release()
	to.ResponseWriter = r
	if gzip {
		plain := *request.Request
		plain.Header = plain.Header.Clone()
		plain.Header.Del("Accept-Encoding")
		request.Request = &plain
	}
	chain.ProcessFilter(request, to)
	if !r.noted {
		c.turns.note(path, 0) // a short list, a table or an error
	}
	r.close() // not after a panic: the client has to see that the response is incomplete
}

// response is a response that is compressed if it is large and the client accepts it.
type response struct {
	http.ResponseWriter
	// accepts is whether the client accepts gzip.
	accepts bool
	// status is that of the response, or 0 before it is known.
	status int
	// begin is the text until it is known whether the response is large.
	begin []byte
	// gzip is nil until then.
	gzip *gzipWriter
	// noteSize is told the size of the objects, and release is called when they are not
	// in memory any more.
	noteSize func(int64)
	noted    bool
	release  func()
	// next is the chunk whose bytes are written next.
	next *chunk
}

// question is an empty slice, known by its address. Who writes it is answered by an error, an
// offer, which has the response: the writers of the library that are before a response have no other way to reach it.
var question = make([]byte, 0, 1)

func isQuestion(data []byte) bool {
	return len(data) == 0 && cap(data) > 0 && &data[:1][0] == &question[:1][0]
}

type offer struct{ *response }

// Error implements error.
func (offer) Error() string { return "a response is asked" }

// WriteHeader implements http.ResponseWriter. The header is sent with the first part of the body.
func (r *response) WriteHeader(status int) {
	switch {
	case !r.accepts:
		r.ResponseWriter.WriteHeader(status)
	case r.status == 0:
		r.status = status
	}
}

// Write implements http.ResponseWriter.
func (r *response) Write(data []byte) (int, error) {
	switch chunk := r.next; {
	case isQuestion(data):
		return 0, offer{r}
	case !r.accepts:
		return r.ResponseWriter.Write(data)
	case chunk != nil:
		r.next = nil
		if err := r.compress(); err != nil {
			return 0, err
		}
		return len(data), r.gzip.writeChunk(chunk)
	case r.gzip == nil && len(r.begin)+len(data) <= minCompressed:
		r.begin = append(r.begin, data...)
		return len(data), nil
	}
	if err := r.compress(); err != nil {
		return 0, err
	}
	return len(data), r.gzip.writeText(data)
}

// compresses says whether the response is known to be large.
func (r *response) compresses() bool { return r.gzip != nil }

// takes says whether the response is large, with the chunk.
func (r *response) takes(c *chunk) bool {
	return r.accepts && (r.gzip != nil || len(r.begin)+c.size > minCompressed)
}

// writeChunk writes a chunk to a writer that is before the response, so that
// others see how many bytes are sent.
func (r *response) writeChunk(w io.Writer, c *chunk) error {
	r.next = c
	_, err := w.Write(c.deflated)
	return err
}

// compress begins a compressed body.
func (r *response) compress() error {
	if r.gzip != nil {
		return nil
	}
	r.Header().Set("Content-Encoding", "gzip")
	r.Header().Add("Vary", "Accept-Encoding")
	r.ResponseWriter.WriteHeader(max(r.status, http.StatusOK))
	r.gzip = gzipWriters.Get().(*gzipWriter)
	r.gzip.begin(r.ResponseWriter)
	begin := r.begin
	r.begin = nil
	return r.gzip.writeText(begin)
}

// close ends the response.
func (r *response) close() {
	if r.gzip != nil {
		r.gzip.end() // nobody is left to whom its error could be told
		return
	}
	if r.status != 0 {
		r.ResponseWriter.WriteHeader(r.status)
	}
	if len(r.begin) > 0 {
		_, _ = r.ResponseWriter.Write(r.begin)
	}
}

// gzipWriter writes a stream of gzip (RFC 1952).
type gzipWriter struct {
	out  *bufio.Writer
	text *flate.Writer
	// pending is whether there is text that is not in out.
	pending bool
	crc     uint32
	size    uint32
}

var gzipWriters = sync.Pool{New: func() any {
	out := bufio.NewWriterSize(nil, bufferSize)
	return &gzipWriter{out: out, text: newFlateWriter(out)}
}}

func (g *gzipWriter) begin(w http.ResponseWriter) {
	g.out.Reset(w)
	g.text.Reset(g.out)
	g.pending, g.crc, g.size = false, 0, 0
	// DEFLATE, no flags, no time, fastest compression, unknown system, as of compress/gzip.
	_, _ = g.out.Write([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255}) // its error comes again
}

func (g *gzipWriter) writeText(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	g.crc = crc32.Update(g.crc, crc32.IEEETable, text)
	g.size += uint32(len(text))
	g.pending = true
	_, err := g.text.Write(text)
	return err
}

// writeChunk ends the blocks of the text before the chunk. Text after it may not
// refer to what is before it.
func (g *gzipWriter) writeChunk(c *chunk) error {
	if g.pending {
		if err := g.text.Flush(); err != nil {
			return err
		}
		g.text.Reset(g.out)
		g.pending = false
	}
	g.crc = combine(g.crc, c.crc, c.size)
	g.size += uint32(c.size)
	_, err := g.out.Write(c.deflated)
	return err
}

// end writes the end of the stream, and makes the writer free for others.
func (g *gzipWriter) end() {
	if err := g.text.Close(); err == nil {
		_, _ = g.out.Write(binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, g.crc), g.size))
		_ = g.out.Flush()
	}
	g.out.Reset(nil)
	g.text.Reset(nil)
	gzipWriters.Put(g)
}
