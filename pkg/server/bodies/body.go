package bodies

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
)

// usualBytes is more than the usual body has. Buffers of that size are used again.
const usualBytes = 64 << 10

// checker checks bodies.
type checker struct {
	limits   limits
	maxBytes int64
	types    Types
	// buffers are buffers that are not in use.
	buffers sync.Pool
}

// body is the body of a request. Its first Read reads and checks all of it.
type body struct {
	io.ReadCloser
	checker     *checker
	info        *genericapirequest.RequestInfo
	contentType string

	// limited is the body up to one byte more than its limit, buffer has what has
	// been read, and unread the rest of it for the handler.
	limited io.LimitedReader
	buffer  *bytes.Buffer
	unread  bytes.Reader
	err     error
}

// Read implements io.Reader. It fails if the body exceeds a bound. A body that has
// too many bytes is not checked, because the handler refuses it.
func (b *body) Read(p []byte) (int, error) {
	if b.buffer == nil && b.err == nil {
		b.err = b.fill()
	}
	if b.err != nil {
		return 0, b.err
	}
	return b.unread.Read(p)
}

// fill reads and checks the body.
func (b *body) fill() error {
	b.buffer, _ = b.checker.buffers.Get().(*bytes.Buffer)
	if b.buffer == nil {
		b.buffer = &bytes.Buffer{}
	}
	b.limited = io.LimitedReader{R: b.ReadCloser, N: b.checker.maxBytes + 1}
	n, err := b.buffer.ReadFrom(&b.limited)
	if err != nil {
		return err
	}
	b.unread.Reset(b.buffer.Bytes())
	if n > b.checker.maxBytes {
		return nil
	}
	return b.checker.check(b.buffer.Bytes(), b.contentType, b.info)
}

// Close implements io.Closer. Nothing can be read after it.
func (b *body) Close() error {
	if b.buffer != nil && b.buffer.Cap() <= usualBytes {
		b.buffer.Reset()
		b.checker.buffers.Put(b.buffer)
	}
	b.buffer, b.unread = nil, bytes.Reader{}
	b.err = http.ErrBodyReadAfterClose
	return b.ReadCloser.Close()
}

// check checks a body. The encoding follows from the content type; one that no
// handler knows is answered with 415 before the body is read.
func (c *checker) check(data []byte, contentType string, info *genericapirequest.RequestInfo) error {
	mediaType, _, _ := strings.Cut(contentType, ";")
	mediaType = strings.ToLower(strings.TrimSpace(mediaType))
	if mediaType == runtime.ContentTypeProtobuf {
		fields, costly, err := scanProtobuf(data[min(len(data), len(apis.ProtobufPrefix)):], c.limits.depth)
		if err == nil && (costly || fields > c.limits.objects) {
			err = c.walkProtobuf(data, fields, c.types.kind(info))
		}
		return err
	}
	costly, err := false, error(nil)
	switch mediaType {
	case runtime.ContentTypeYAML, string(types.ApplyYAMLPatchType):
		costly, err = scanYAML(data, c.limits, c.maxBytes)
	case runtime.ContentTypeCBOR, string(types.ApplyCBORPatchType):
		costly, err = scanCBOR(data, c.limits)
	default:
		costly, err = scanJSON(data, c.limits)
	}
	if err == nil && (costly || mediaType == string(types.JSONPatchType)) {
		err = c.walk(data, mediaType, c.types.kind(info))
	}
	return err
}

// refused is the answer to a body with an error that the walk found.
func refused(err error) error {
	if err == nil {
		return nil
	}
	return apierrors.NewBadRequest(fmt.Sprintf("the body of the request is refused: %v", err))
}
