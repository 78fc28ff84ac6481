package e2e

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes/scheme"
	restclient "k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/test/kubelet"
)

// hostile answers requests for the containers whose names are modes of hostility.
type hostile struct {
	// done ends what is slow. smuggled counts requests that should not have come.
	done     chan struct{}
	smuggled atomic.Int32
}

func (h *hostile) answer(w http.ResponseWriter, r *http.Request) bool {
	switch r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:] {
	case "redirect":
		http.Redirect(w, r, "http://169.254.169.254/latest/meta-data", http.StatusFound)
	case "silent":
		select {
		case <-h.done:
		case <-r.Context().Done():
		}
	case "halfclosed":
		conn, _, _ := http.NewResponseController(w).Hijack()
		_ = conn.Close()
	case "header":
		conn, _, _ := http.NewResponseController(w).Hijack()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\n")
		for i := 0; ; i++ {
			if _, err := fmt.Fprintf(conn, "X-%d: %s\r\n", i, strings.Repeat("x", 1<<16)); err != nil {
				break
			}
		}
		_ = conn.Close()
	case "refuses":
		http.Error(w, "no", http.StatusBadRequest)
	case "smuggled":
		h.smuggled.Add(1)
	default:
		return false
	}
	return true
}

// startHostile starts a server with a hostile kubelet, and the pods' containers.
func startHostile(t *testing.T) (*cluster, *hostile) {
	h := &hostile{done: make(chan struct{})}
	c := startCluster(t, kubelet.Config{Intercept: h.answer})
	c.createPod(t, "bad", "redirect", "silent", "halfclosed", "header", "refuses", "good")
	t.Cleanup(func() { close(h.done) })
	return c, h
}

// TestHostileKubelet gets errors from a kubelet that does what it should not.
func TestHostileKubelet(t *testing.T) {
	t.Parallel()
	c, h := startHostile(t)
	for _, test := range []struct{ container, logs, spdy, webSocket string }{
		{"redirect", "redirects forbidden", "invalid upgrade response: status code 302", "redirect not allowed"},
		{"halfclosed", `"code":500`, "EOF", `error sending request: Post "https://`},
		{"refuses", `"message":"no\n"`, "no", "no"},
		{"header", "", "the header of the answer has more than", "the header of the answer has more than"},
	} {
		t.Run(test.container, func(t *testing.T) {
			if test.logs != "" {
				if got := c.logs(t, "bad", "container="+test.container); !strings.Contains(got, test.logs) {
					t.Errorf("logs: %s", got)
				}
			}
			if err := c.exec(t.Context(), true, "bad", test.container, remotecommand.StreamOptions{Stdout: io.Discard}, "x"); err == nil ||
				!strings.Contains(err.Error(), test.spdy) {
				t.Errorf("exec by SPDY: %v", err)
			}
			if err := c.exec(t.Context(), false, "bad", test.container, remotecommand.StreamOptions{Stdout: io.Discard}, "x"); err == nil ||
				!strings.Contains(err.Error(), test.webSocket) {
				t.Errorf("exec by WebSocket: %v", err)
			}
		})
	}
	if h.smuggled.Load() != 0 {
		t.Error("a request came that should not")
	}
}

// TestUpgradeHijack sends a second request on a connection whose upgrade the
// kubelet refuses. It must not reach the kubelet with the server's rights
// (CVE-2018-1002105).
func TestUpgradeHijack(t *testing.T) {
	t.Parallel()
	c, h := startHostile(t)
	conn := c.dialTLS(t)
	defer conn.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
		c.Config.Host+"/api/v1/namespaces/default/pods/bad/exec?container=refuses&command=x&stdout=true", nil)
	testutil.Check(t, err)
	request.Header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"SPDY/3.1"}}
	bytes, err := httputil.DumpRequestOut(request, false)
	testutil.Check(t, err)
	_, err = conn.Write(bytes)
	testutil.Check(t, err)
	in := bufio.NewReader(conn)
	response, err := http.ReadResponse(in, request)
	testutil.Check(t, err)
	body, err := io.ReadAll(response.Body)
	if response.StatusCode != http.StatusBadRequest || string(body) != "no\n" || err != nil {
		t.Errorf("%d %q %v", response.StatusCode, body, err)
	}
	_, _ = io.WriteString(conn, "GET /smuggled HTTP/1.1\r\nHost: kubelet\r\n\r\n")
	if rest, _ := io.ReadAll(in); len(rest) > 0 || h.smuggled.Load() != 0 {
		t.Errorf("the connection is still open to the kubelet: %q, %d", rest, h.smuggled.Load())
	}
}

// dialTLS opens a connection to the server as the administrator.
func (c *cluster) dialTLS(t *testing.T) net.Conn {
	t.Helper()
	config, err := restclient.TLSConfigFor(c.Config)
	testutil.Check(t, err)
	config.NextProtos = []string{"http/1.1"}
	u, err := url.Parse(c.Config.Host)
	testutil.Check(t, err)
	conn, err := tls.Dial("tcp", u.Host, config)
	testutil.Check(t, err)
	return conn
}

// TestWrongCertificate trusts another authority than the kubelet's.
func TestWrongCertificate(t *testing.T) {
	t.Parallel()
	ca := t.TempDir() + "/other.crt"
	other, err := kubelet.Start(kubelet.Config{})
	testutil.Check(t, err)
	other.Close()
	testutil.Check(t, os.WriteFile(ca, other.CA, 0o600))
	c := startCluster(t, kubelet.Config{}, "--kubelet-certificate-authority="+ca)
	if got := c.logs(t, "p", ""); !strings.Contains(got, "tls: failed to verify certificate: x509") {
		t.Errorf("logs: %s", got)
	}
	for _, spdy := range []bool{true, false} {
		if err := c.exec(t.Context(), spdy, "p", "c", remotecommand.StreamOptions{Stdout: io.Discard}, "echo"); err == nil || !strings.Contains(err.Error(), "x509") {
			t.Errorf("exec: %v", err)
		}
	}
	if got := c.logs(t, "p", "insecureSkipTLSVerifyBackend=true"); !strings.HasPrefix(got, "line 0 of c\n") {
		t.Errorf("logs without verification: %s", got)
	}
}

// logs returns the answer to a request for logs, which may be an error.
func (c *cluster) logs(t *testing.T, pod, query string) string {
	t.Helper()
	client, err := restclient.HTTPClientFor(c.Config)
	testutil.Check(t, err)
	response, err := client.Get(c.Config.Host + "/api/v1/namespaces/default/pods/" + pod + "/log?" + query)
	testutil.Check(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	testutil.Check(t, err)
	return string(body)
}

// exec executes a command by one of the protocols.
func (c *cluster) exec(ctx context.Context, spdy bool, pod, container string, o remotecommand.StreamOptions, command ...string) error {
	return c.execAs(ctx, c.Config, spdy, pod, container, o, command...)
}

// execAs is exec by the user of a configuration.
func (c *cluster) execAs(ctx context.Context, config *restclient.Config, spdy bool, pod, container string, o remotecommand.StreamOptions,
	command ...string) error {
	request := c.client.CoreV1().RESTClient().Post().Namespace("default").Resource("pods").Name(pod).SubResource("exec").VersionedParams(&corev1.PodExecOptions{
		Container: container, Command: command, Stdin: o.Stdin != nil, Stdout: o.Stdout != nil, Stderr: o.Stderr != nil, TTY: o.Tty}, scheme.ParameterCodec)
	executor, err := remotecommand.NewWebSocketExecutor(config, http.MethodGet, request.URL().String())
	if spdy {
		executor, err = remotecommand.NewSPDYExecutor(config, http.MethodPost, request.URL())
	}
	if err != nil {
		return err
	}
	return executor.StreamWithContext(ctx, o)
}

// TestStreams executes commands by both protocols: with an input that ends, with a
// terminal, and with much output.
func TestStreams(t *testing.T) {
	t.Parallel()
	c := startCluster(t, kubelet.Config{})
	for _, protocol := range []string{"WebSocket", "SPDY"} {
		t.Run(protocol, func(t *testing.T) {
			spdy := protocol == "SPDY"
			var out strings.Builder
			testutil.Check(t, c.exec(t.Context(), spdy, "p", "c", remotecommand.StreamOptions{Stdin: strings.NewReader("input"), Stdout: &out}, "cat"))
			if out.String() != "input" {
				t.Errorf("cat printed %q", out.String())
			}
			out.Reset()
			testutil.Check(t, c.exec(t.Context(), spdy, "p", "c", remotecommand.StreamOptions{Stdin: strings.NewReader(""), Stdout: &out, Tty: true,
				TerminalSizeQueue: &oneSize{size: &remotecommand.TerminalSize{Width: 80, Height: 25}}}, "size"))
			if out.String() != "80x25\n" {
				t.Errorf("the terminal is %q", out.String())
			}
			var count counter
			testutil.Check(t, c.exec(t.Context(), spdy, "p", "c", remotecommand.StreamOptions{Stdout: &count}, "zeros", "8388608"))
			if count != 8<<20 {
				t.Errorf("%d bytes came", count)
			}
		})
	}
}

type oneSize struct{ size *remotecommand.TerminalSize }

func (s *oneSize) Next() *remotecommand.TerminalSize {
	size := s.size
	s.size = nil
	return size
}

type counter int

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

// TestBrokenStreams breaks 1,000 streams in the middle, some while the kubelet
// does not answer. The server keeps nothing of them.
func TestBrokenStreams(t *testing.T) {
	t.Parallel()
	c, _ := startHostile(t)
	const workers, each = 20, 50
	var all sync.WaitGroup
	for worker := range workers {
		all.Go(func() {
			for range each {
				if worker/2%2 == 0 {
					c.abandon(t, worker%2 == 0)
					continue
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				_ = c.exec(ctx, worker%2 == 0, "bad", "good", remotecommand.StreamOptions{Stdout: canceling(cancel)}, "zeros", "100000000000")
				cancel()
			}
		})
	}
	all.Wait()
	eventually(t, "no stream is left", func() bool { return goroutines("registry/core/connect.") == 0 })
}

// goroutines counts those of the process whose stacks mention any of the names.
func goroutines(names ...string) (count int) {
	var stacks strings.Builder
	_ = pprof.Lookup("goroutine").WriteTo(&stacks, 2)
	for stack := range strings.SplitSeq(stacks.String(), "\n\n") {
		if slices.ContainsFunc(names, func(name string) bool { return strings.Contains(stack, name) }) {
			count++
		}
	}
	return count
}

// TestStreamsEndWithServer stops a server that has open streams.
func TestStreamsEndWithServer(t *testing.T) {
	t.Parallel()
	c := startCluster(t, kubelet.Config{})
	var all sync.WaitGroup
	opened := make(chan struct{}, 3)
	for _, spdy := range []bool{true, false} {
		all.Go(func() {
			in, hold := io.Pipe()
			defer hold.Close()
			go func() { _, _ = hold.Write([]byte("x")) }()
			_ = c.exec(t.Context(), spdy, "p", "c", remotecommand.StreamOptions{Stdin: in, Stdout: notifying(opened)}, "cat")
		})
	}
	all.Go(func() {
		body, err := c.client.CoreV1().Pods("default").GetLogs("p", &corev1.PodLogOptions{Follow: true}).Stream(t.Context())
		if err != nil {
			t.Error(err)
			return
		}
		defer body.Close()
		opened <- struct{}{}
		_, _ = io.Copy(io.Discard, body)
	})
	for range 3 {
		<-opened
	}
	testutil.Check(t, c.Stop())
	all.Wait()
}

// abandon asks for a stream to which the kubelet does not answer, and hangs up.
func (c *cluster) abandon(t *testing.T, spdy bool) {
	conn := c.dialTLS(t)
	headers := "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OTAxMjM0NQ==\r\nSec-WebSocket-Protocol: v5.channel.k8s.io\r\n"
	if spdy {
		headers = "Upgrade: SPDY/3.1\r\n"
	}
	_, _ = io.WriteString(conn, "GET /api/v1/namespaces/default/pods/bad/exec?container=silent&command=x&stdout=true HTTP/1.1\r\n"+
		"Host: server\r\nConnection: Upgrade\r\n"+headers+"\r\n")
	if !spdy { // the server answers before the kubelet does
		_, _ = conn.Read(make([]byte, 1))
	}
	time.Sleep(10 * time.Millisecond) // so that most requests have come to the kubelet
	_ = conn.Close()
}

// canceling gives up when the first bytes have come.
type canceling func()

func (c canceling) Write(p []byte) (int, error) { c(); return len(p), nil }

type notifying chan struct{}

func (n notifying) Write(p []byte) (int, error) { n <- struct{}{}; return len(p), nil }
