package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	restclient "k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/streaming/pkg/httpstream"

	"github.com/gatehouse-k8s/gatehouse/test/kubelet"
)

const (
	// streamed is how many bytes an operation streams, where it does not measure the
	// latency: 16 MiB.
	streamed = 16 << 20
	// patience is how long one operation may take before the bench fails.
	patience = time.Minute
)

// protocol is one by which clients open streams.
type protocol struct {
	executor func(*restclient.Config, *url.URL) (remotecommand.Executor, error)
	dialer   func(*restclient.Config, *url.URL) (httpstream.Dialer, error)
}

// byWebSocket is what kubectl uses, and bySPDY what it used before v1.31.
var (
	byWebSocket = protocol{
		executor: func(config *restclient.Config, at *url.URL) (remotecommand.Executor, error) {
			return remotecommand.NewWebSocketExecutor(config, http.MethodGet, at.String())
		},
		dialer: func(config *restclient.Config, at *url.URL) (httpstream.Dialer, error) {
			return portforward.NewSPDYOverWebsocketDialerForStreaming(at, config)
		},
	}
	bySPDY = protocol{
		executor: func(config *restclient.Config, at *url.URL) (remotecommand.Executor, error) {
			return remotecommand.NewSPDYExecutor(config, http.MethodPost, at)
		},
		dialer: func(config *restclient.Config, at *url.URL) (httpstream.Dialer, error) {
			transport, upgrader, err := spdy.RoundTripperFor(config)
			if err != nil {
				return nil, err
			}
			return spdy.NewDialerForStreaming(upgrader, &http.Client{Transport: transport}, http.MethodPost, at), nil
		},
	}
)

// output streams so many bytes from a container.
func (p protocol) output(bytes int) func(context.Context, *bench, int, int) error {
	return func(ctx context.Context, b *bench, worker, _ int) error {
		request := b.stream(worker, "exec").Param("command", "zeros").Param("command", strconv.Itoa(bytes)).Param("stdout", "true")
		executor, err := p.executor(b.server.config, request.URL())
		if err != nil {
			return err
		}
		return executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdout: io.Discard})
	}
}

// input streams bytes to a container, which answers with their number.
func (p protocol) input(ctx context.Context, b *bench, worker, _ int) error {
	executor, err := p.executor(b.server.config, b.stream(worker, "exec").Param("command", "count").Param("stdin", "true").Param("stdout", "true").URL())
	if err != nil {
		return err
	}
	var count strings.Builder
	if err := executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdin: kubelet.Zeros(streamed), Stdout: &count}); err != nil {
		return err
	}
	if count.String() != strconv.Itoa(streamed) {
		return fmt.Errorf("%q bytes arrived in place of %d", &count, streamed)
	}
	return nil
}

// stream returns a request for a stream of the pod on the node.
func (b *bench) stream(worker int, subresource string) *restclient.Request {
	request := b.clients[worker%len(b.clients)].Get().AbsPath(pods, onNode, subresource)
	if subresource == "exec" {
		request = request.Param("container", pod(onNode).Spec.Containers[0].Name)
	}
	return request
}

// forward opens a port-forward, and streams bytes to a port that echoes them.
func (p protocol) forward(ctx context.Context, b *bench, worker, _ int) error {
	dialer, err := p.dialer(b.server.config, b.stream(worker, "portforward").URL())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ready := make(chan struct{})
	forwarder, err := portforward.NewForStreaming(dialer, []string{"0:" + strconv.Itoa(kubelet.EchoPort)}, ctx.Done(), ready, io.Discard, io.Discard)
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() { failed <- forwarder.ForwardPorts() }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done(): // the library dials without a limit of time
		return ctx.Err()
	case <-ready:
	}
	ports, err := forwarder.GetPorts()
	if err != nil {
		return err
	}
	return echo(ctx, ports[0].Local)
}

// echo streams bytes to a local port that is forwarded, and back.
func echo(ctx context.Context, port uint16) error {
	conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(int(port))))
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	go func() { _, _ = io.Copy(conn, kubelet.Zeros(streamed)); _ = conn.(*net.TCPConn).CloseWrite() }()
	if n, err := io.Copy(io.Discard, conn); err != nil || n != streamed {
		return fmt.Errorf("%d bytes came back: %w", n, err)
	}
	return nil
}
