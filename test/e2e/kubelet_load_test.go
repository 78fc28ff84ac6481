package e2e

import (
	"fmt"
	"io"
	"net/http"
	goruntime "runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/streaming/pkg/httpstream"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/test/kubelet"
)

// The tests of memory and goroutines do not run in parallel with others, because
// they measure the process.

// live returns how many bytes the process uses, without garbage.
func live() int {
	var m goruntime.MemStats
	goruntime.GC()
	goruntime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// memoryOfStreams is how much more memory the process may use while it passes on
// much, and after it has passed on many streams, in bytes.
const memoryOfStreams = 64 << 20

// TestManyStreams forwards 10,000 ports, 500 in each connection. When they are
// closed, nothing of them is left.
func TestManyStreams(t *testing.T) {
	c := startCluster(t, kubelet.Config{})
	const workers, each, streams = 4, 5, 500
	before := live()
	var all sync.WaitGroup
	for worker := range workers {
		all.Go(func() {
			for range each {
				if err := c.forward(worker%2 == 0, streams); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	eventually(t, "no stream is left", func() bool {
		return goroutines("registry/core/connect.", "pkg/util/proxy.", "cri-streaming/", "spdystream.") == 0
	})
	if after := live(); after > before+memoryOfStreams {
		t.Errorf("the memory grew from %d MiB to %d MiB", before>>20, after>>20)
	}
}

// forward opens a connection to pod p, and in it so many streams to the port that
// echoes, all of them at the same time.
func (c *cluster) forward(webSocket bool, streams int) error {
	conn, err := c.dialForward(webSocket)
	if err != nil {
		return err
	}
	defer conn.Close()
	open := make([]httpstream.Stream, streams)
	for id := range open {
		if open[id], err = forwardedStream(conn, id); err != nil {
			return err
		}
	}
	for id, stream := range open {
		if err := echoes(stream, fmt.Sprintf("stream %d", id)); err != nil {
			return err
		}
	}
	return nil
}

func (c *cluster) dialForward(webSocket bool) (httpstream.Connection, error) {
	location := c.client.CoreV1().RESTClient().Post().Namespace("default").Resource("pods").Name("p").SubResource("portforward").URL()
	var dialer httpstream.Dialer
	if webSocket {
		var err error
		if dialer, err = portforward.NewSPDYOverWebsocketDialerForStreaming(location, c.Config); err != nil {
			return nil, err
		}
	} else {
		transport, upgrader, err := spdy.RoundTripperFor(c.Config)
		if err != nil {
			return nil, err
		}
		dialer = spdy.NewDialerForStreaming(upgrader, &http.Client{Transport: transport}, http.MethodPost, location)
	}
	conn, _, err := dialer.Dial(portforward.PortForwardProtocolV1Name)
	return conn, err
}

// forwardedStream opens the stream for errors, which the client closes at once, and
// returns the one for data.
func forwardedStream(conn httpstream.Connection, id int) (httpstream.Stream, error) {
	headers := http.Header{}
	headers.Set(corev1.PortHeader, strconv.Itoa(kubelet.EchoPort))
	headers.Set(corev1.PortForwardRequestIDHeader, strconv.Itoa(id))
	headers.Set(corev1.StreamType, corev1.StreamTypeError)
	errors, err := conn.CreateStream(headers)
	if err != nil {
		return nil, err
	}
	if err := errors.Close(); err != nil {
		return nil, err
	}
	headers.Set(corev1.StreamType, corev1.StreamTypeData)
	return conn.CreateStream(headers)
}

// echoes says something, stops speaking and expects to hear the same.
func echoes(stream httpstream.Stream, text string) error {
	if _, err := io.WriteString(stream, text); err != nil {
		return err
	}
	if err := stream.Close(); err != nil {
		return err
	}
	if got, err := io.ReadAll(stream); string(got) != text || err != nil {
		return fmt.Errorf("%q came back, not %q: %w", got, text, err)
	}
	return nil
}

// TestHugeLog reads a log that is larger than the memory that the server may use
// for it, in pauses of which the server has to wait.
func TestHugeLog(t *testing.T) {
	const size, step = 256 << 20, 32 << 20
	c := startCluster(t, kubelet.Config{Intercept: func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.URL.Path, "/containerLogs/") {
			return false
		}
		_, _ = io.Copy(w, kubelet.Zeros(size))
		return true
	}})
	for _, follow := range []bool{false, true} {
		t.Run(fmt.Sprintf("follow %v", follow), func(t *testing.T) {
			before := live()
			body, err := c.client.CoreV1().Pods("default").GetLogs("p", &corev1.PodLogOptions{Follow: follow}).Stream(t.Context())
			testutil.Check(t, err)
			defer body.Close()
			for range size / step {
				_, err := io.CopyN(io.Discard, body, step)
				testutil.Check(t, err)
				if now := live(); now > before+memoryOfStreams {
					t.Fatalf("the memory grew from %d MiB to %d MiB", before>>20, now>>20)
				}
			}
			if rest, err := io.Copy(io.Discard, body); rest != 0 || err != nil {
				t.Errorf("%d bytes too many: %v", rest, err)
			}
		})
	}
}

// TestBytesPerSecond sends three times as much through a stream as may pass in a
// second, in each direction.
func TestBytesPerSecond(t *testing.T) {
	t.Parallel()
	const limit = 256 << 10
	c := startCluster(t, kubelet.Config{}, "--max-connection-bytes-per-sec="+strconv.Itoa(limit))
	for _, protocol := range []string{"WebSocket", "SPDY"} {
		for _, direction := range []string{"output", "input"} {
			t.Run(protocol+" "+direction, func(t *testing.T) {
				t.Parallel()
				var count counter
				options, command := remotecommand.StreamOptions{Stdout: &count}, []string{"zeros", strconv.Itoa(3 * limit)}
				want := counter(3 * limit)
				if direction == "input" {
					options.Stdin, command, want = kubelet.Zeros(3*limit), []string{"sh", "-c", fmt.Sprintf("test $(wc -c) = %d && echo x", 3*limit)}, 2
				}
				start := time.Now()
				testutil.Check(t, c.exec(t.Context(), protocol == "SPDY", "p", "c", options, command...))
				if took := time.Since(start); took < time.Second || count != want {
					t.Errorf("%d bytes came, not %d, after %v", count, want, took)
				}
			})
		}
	}
}
