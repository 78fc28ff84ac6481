package loopback

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// client returns a client of a handler.
func client(t *testing.T, handler http.HandlerFunc) (*http.Client, *Transport) {
	transport := New()
	t.Cleanup(transport.Stop)
	transport.Serve(handler)
	return &http.Client{Transport: transport}, transport
}

func TestRequest(t *testing.T) {
	type key struct{}
	c, _ := client(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		testutil.Check(t, err)
		if r.Context().Value(key{}) != nil {
			t.Error("the handler sees a value of the client's context")
		}
		w.Header().Set("Seen", r.Header.Get("Sent"))
		w.WriteHeader(http.StatusTeapot)
		w.Header().Set("Late", "yes")
		_, _ = fmt.Fprintf(w, "%s %s %s %s %s %s %s", r.Method, r.RequestURI, r.URL, r.Host, r.Proto, r.RemoteAddr, body)
	})
	req, err := http.NewRequestWithContext(context.WithValue(t.Context(), key{}, 1), http.MethodPut, "https://here:1/a%2Fb?c=d", strings.NewReader("text"))
	testutil.Check(t, err)
	req.Header.Set("Sent", "value")
	resp, err := c.Do(req)
	testutil.Check(t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	testutil.Check(t, err)
	if want := "PUT /a%2Fb?c=d /a%2Fb?c=d here:1 HTTP/2.0 127.0.0.1:0 text"; string(body) != want {
		t.Errorf("%s, want %s", body, want)
	}
	if resp.StatusCode != http.StatusTeapot || resp.Status != "418 I'm a teapot" || resp.Header.Get("Seen") != "value" || resp.Header.Get("Late") != "" {
		t.Errorf("%s %v", resp.Status, resp.Header)
	}
}

// TestStream shows that an answer is read while it is written, and that its handler ends
// with its client.
func TestStream(t *testing.T) {
	ended := make(chan error, 1)
	c, _ := client(t, func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		for {
			if _, err := w.Write([]byte("event ")); err != nil {
				<-r.Context().Done()
				ended <- err
				return
			}
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	for name, leave := range map[string]func(io.Closer){
		"the client closes the body": func(body io.Closer) { _ = body.Close() },
		"the client's context ends":  func(io.Closer) { cancel() },
	} {
		t.Run(name, func(t *testing.T) {
			ctx := ctx
			if strings.HasSuffix(name, "body") {
				ctx = t.Context()
			}
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://here/", nil)
			testutil.Check(t, err)
			resp, err := c.Do(req)
			testutil.Check(t, err)
			begin := make([]byte, len("event event "))
			_, err = io.ReadFull(resp.Body, begin)
			testutil.Check(t, err)
			leave(resp.Body)
			if err := <-ended; !errors.Is(err, io.ErrClosedPipe) {
				t.Errorf("the handler got %v", err)
			}
			if _, err := io.Copy(io.Discard, resp.Body); err == nil {
				t.Error("the client takes the answer for a whole one")
			}
		})
	}
}

func TestFailures(t *testing.T) {
	for _, test := range []struct {
		name    string
		handler http.HandlerFunc
		want    string
	}{
		{"panic before the answer", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "unexpected EOF"},
		{"panic within the answer", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("text"))
			panic(http.ErrAbortHandler)
		}, "unexpected EOF"},
		{"no answer", func(http.ResponseWriter, *http.Request) {}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, _ := client(t, test.handler)
			resp, err := c.Get("https://here/")
			if err == nil {
				var body bytes.Buffer
				_, err = io.Copy(&body, resp.Body)
				if test.want == "" && resp.StatusCode != http.StatusOK {
					t.Error(resp.Status)
				}
			}
			if got := fmt.Sprint(err); err != nil && !strings.HasSuffix(got, test.want) || (err == nil) != (test.want == "") {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

// TestStop shows that requests wait for the handler, and end with the server.
func TestStop(t *testing.T) {
	transport := New()
	c := &http.Client{Transport: transport}
	began, ended := make(chan struct{}), make(chan struct{})
	go func() {
		transport.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte("begin"))
			close(began)
			<-r.Context().Done()
			close(ended)
		}))
		<-began
		transport.Stop()
	}()
	resp, err := c.Get("https://here/")
	testutil.Check(t, err)
	defer func() { _ = resp.Body.Close() }()
	if text, err := io.ReadAll(resp.Body); !errors.Is(err, ErrStopped) || string(text) != "begin" {
		t.Errorf("%q, %v", text, err)
	}
	<-ended
	if _, err := c.Get("https://here/"); !errors.Is(err, ErrStopped) {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 1)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://here/", nil)
	testutil.Check(t, err)
	if _, err := New().RoundTrip(req); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}
