package loopback

import (
	"io"
	"net/http"
	"sync"
)

// responseWriter gives what a handler writes to the client, which reads it from the
// other end of a pipe: a handler is never ahead of its client by more than one write.
type responseWriter struct {
	header http.Header
	body   *io.PipeWriter
	closed <-chan struct{}

	once sync.Once
	// started is closed when the code and the header that is sent are known, or an
	// error instead.
	started chan struct{}
	code    int
	sent    http.Header
	err     error
}

var (
	_ http.ResponseWriter = (*responseWriter)(nil)
	_ http.Flusher        = (*responseWriter)(nil)
)

// Header implements http.ResponseWriter.
func (w *responseWriter) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter. Informational answers are not passed on.
func (w *responseWriter) WriteHeader(code int) {
	if code < http.StatusOK {
		return
	}
	w.once.Do(func() {
		w.code, w.sent = code, w.header.Clone()
		close(w.started)
	})
}

// Write implements http.ResponseWriter.
func (w *responseWriter) Write(data []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(data)
}

// Flush implements http.Flusher. Everything that is written is sent at once.
func (w *responseWriter) Flush() { w.WriteHeader(http.StatusOK) }

// CloseNotify makes the handlers of k8s.io/apiserver recognize a writer of HTTP/2,
// which can be flushed.
func (w *responseWriter) CloseNotify() <-chan bool {
	closed := make(chan bool, 1)
	go func() {
		<-w.closed
		closed <- true
	}()
	return closed
}

// end ends the answer. Without an error the client reads the end of the body. Only the
// first call counts.
func (w *responseWriter) end(err error) {
	if err == nil {
		w.WriteHeader(http.StatusOK)
	}
	w.once.Do(func() {
		w.err = err
		close(w.started)
	})
	_ = w.body.CloseWithError(err)
}
