// Package loopback lets a server call itself without a connection: the requests of its
// own clients go through its whole chain of handlers, but neither through TLS nor
// through HTTP/2. kube-apiserver connects to its own port instead.
package loopback

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime/debug"

	"k8s.io/klog/v2"
)

// address is the remote address of the requests.
const address = "127.0.0.1:0"

// ErrStopped is the error of requests after Stop.
var ErrStopped = errors.New("the server has stopped")

// Transport is a client's transport that calls a handler. Requests wait until Serve
// has been called.
type Transport struct {
	handler http.Handler
	serving chan struct{}
	stopped context.Context
	stop    context.CancelFunc
}

// New returns a transport that has no handler yet.
func New() *Transport {
	t := &Transport{serving: make(chan struct{})}
	t.stopped, t.stop = context.WithCancel(context.Background())
	return t
}

// Serve sets the handler. It must be called once.
func (t *Transport) Serve(handler http.Handler) {
	t.handler = handler
	close(t.serving)
}

// Stop interrupts the requests that are being handled, watches for example, and lets
// all later ones fail.
func (t *Transport) Stop() { t.stop() }

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	select {
	case <-t.serving:
	case <-t.stopped.Done():
		return nil, refuse(req, ErrStopped)
	case <-req.Context().Done():
		return nil, refuse(req, context.Cause(req.Context()))
	}
	if t.stopped.Err() != nil {
		return nil, refuse(req, ErrStopped)
	}
	// The context of the handler has nothing of the client's but its end: values, such
	// as the user of a request that led to this one, must not be taken for its own.
	ctx, cancel := context.WithCancel(context.Background())
	body, write := io.Pipe()
	w := &responseWriter{header: http.Header{}, body: write, started: make(chan struct{}), closed: ctx.Done()}
	// The client learns of the end before the handler does, which could take it for the
	// end of its answer.
	followClient := context.AfterFunc(req.Context(), func() {
		w.end(context.Cause(req.Context()))
		cancel()
	})
	followServer := context.AfterFunc(t.stopped, func() {
		w.end(ErrStopped)
		cancel()
	})
	go func() {
		defer cancel()
		t.serve(w, received(ctx, req))
		followServer()
		followClient()
	}()
	<-w.started
	if w.err != nil {
		return nil, w.err
	}
	return &http.Response{
		Status:     fmt.Sprintf("%d %s", w.code, http.StatusText(w.code)),
		StatusCode: w.code,
		Proto:      "HTTP/2.0", ProtoMajor: 2,
		Header:        w.sent,
		ContentLength: -1,
		Body:          &responseBody{body, cancel},
		Request:       req,
	}, nil
}

// refuse closes the body of a request that is not sent.
func refuse(req *http.Request, err error) error {
	if req.Body != nil {
		_ = req.Body.Close()
	}
	return err
}

// serve calls the handler, and ends the answer. As in net/http, a panic ends the
// answer and not the process.
func (t *Transport) serve(w *responseWriter, r *http.Request) {
	defer func() { _ = r.Body.Close() }()
	defer func() {
		var err error
		if p := recover(); p != nil {
			err = io.ErrUnexpectedEOF
			if p != http.ErrAbortHandler { //nolint:errorlint // panic values are compared by identity
				klog.Errorf("panic while the server handled its own request %s %s: %v\n%s", r.Method, r.RequestURI, p, debug.Stack())
			}
		}
		w.end(err)
	}()
	t.handler.ServeHTTP(w, r)
}

// received makes of a client's request the one that a server receives.
func received(ctx context.Context, req *http.Request) *http.Request {
	r := req.Clone(ctx)
	r.URL = &url.URL{Path: req.URL.Path, RawPath: req.URL.RawPath, RawQuery: req.URL.RawQuery, ForceQuery: req.URL.ForceQuery}
	r.RequestURI = req.URL.RequestURI()
	r.RemoteAddr = address
	r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/2.0", 2, 0
	r.TLS = &tls.ConnectionState{Version: tls.VersionTLS13, HandshakeComplete: true}
	if r.Host == "" {
		r.Host = req.URL.Host
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	return r
}

// responseBody is what the client reads. Closing it ends the request, as the end of a
// stream does.
type responseBody struct {
	*io.PipeReader
	cancel context.CancelFunc
}

// Close implements io.Closer.
func (b *responseBody) Close() error {
	b.cancel()
	return b.PipeReader.Close()
}
