package aggregator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"

	"k8s.io/klog/v2"
)

const (
	// maxDiscovery and maxOpenAPI are the largest documents, in bytes, that are
	// accepted from a remote server. For comparison, the documents of
	// kube-apiserver itself have about 0.2 and 4 million bytes.
	maxDiscovery = 4 << 20
	maxOpenAPI   = 10 << 20
)

var errTooLong = errors.New("the document is too long")

// bounded buffers what next writes and sends it on if it is at most limit bytes
// long. If it is longer, or if next panics, bounded answers 502.
func bounded(next http.Handler, limit int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		d := &document{header: http.Header{}, code: http.StatusOK, limit: limit, cancel: cancel}
		serveWithoutPanic(next, d, r.WithContext(ctx))
		if d.err != nil {
			klog.ErrorS(d.err, "Failed to read a document from an aggregated API server", "path", r.URL.Path, "limit", limit)
			http.Error(w, fmt.Sprintf("%v (at most %d bytes)", d.err, limit), http.StatusBadGateway)
			return
		}
		for name, values := range d.header {
			w.Header()[name] = values
		}
		w.WriteHeader(d.code)
		_, _ = w.Write(d.body.Bytes())
	})
}

func serveWithoutPanic(next http.Handler, d *document, r *http.Request) {
	defer func() {
		if reason := recover(); reason != nil {
			d.err = fmt.Errorf("no complete answer: %v", reason)
		}
	}()
	next.ServeHTTP(d, r)
}

// document is an http.ResponseWriter that buffers the answer.
type document struct {
	header http.Header
	code   int
	body   bytes.Buffer
	limit  int
	cancel func()
	err    error
}

// Header implements http.ResponseWriter.
func (d *document) Header() http.Header { return d.header }

// WriteHeader implements http.ResponseWriter.
func (d *document) WriteHeader(code int) { d.code = code }

// Write implements http.ResponseWriter.
func (d *document) Write(data []byte) (int, error) {
	if d.body.Len()+len(data) > d.limit {
		d.err = errTooLong
		d.cancel()
		return 0, errTooLong
	}
	return d.body.Write(data)
}
