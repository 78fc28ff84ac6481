package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/tools/remotecommand"

	"github.com/gatehouse-k8s/gatehouse/test/kubelet"
)

const (
	// streamed is how many bytes an operation streams, where it does not measure the
	// latency: 16 MiB.
	streamed = 16 << 20
	onNode   = "on-node"
	// patience is how long one operation may take before the bench fails.
	patience = time.Minute
)

// prepareNode starts a kubelet in this process, whose CPU time is not counted, and
// creates its node and a pod there.
func prepareNode(ctx context.Context, b *bench) error {
	if b.kubelet != nil {
		return nil
	}
	k, err := kubelet.Start(kubelet.Config{Dir: os.TempDir()})
	if err != nil {
		return err
	}
	b.kubelet = k
	if err := prepareAccount(ctx, b); err != nil {
		return err
	}
	runs := pod(onNode)
	runs.Spec.NodeName = "n"
	runs.OwnerReferences[0].UID = types.UID(b.owner)
	for path, object := range map[string]any{"/api/v1/nodes": k.Node("n"), pods: runs} {
		body, err := json.Marshal(object)
		if err != nil {
			return err
		}
		if _, err := b.send(ctx, 0, call{"POST", path, jsonType, jsonType, body, ""}); err != nil && !isThere(err) {
			return err
		}
	}
	return nil
}

// execute streams so many bytes from a container, by WebSocket.
func execute(bytes int) func(context.Context, *bench, int, int) error {
	return func(ctx context.Context, b *bench, worker, _ int) error {
		url := b.clients[worker%len(b.clients)].Get().AbsPath(pods, onNode, "exec").Param("container", pod(onNode).Spec.Containers[0].Name).
			Param("command", "zeros").Param("command", strconv.Itoa(bytes)).Param("stdout", "true").URL()
		executor, err := remotecommand.NewWebSocketExecutor(b.server.config, http.MethodGet, url.String())
		if err != nil {
			return err
		}
		return executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdout: io.Discard})
	}
}

// forward opens a port-forward, and streams bytes to a port that echoes them.
func forward(ctx context.Context, b *bench, worker, _ int) error {
	dialer, err := portforward.NewSPDYOverWebsocketDialer(b.clients[worker%len(b.clients)].Get().AbsPath(pods, onNode, "portforward").URL(), b.server.config)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ready := make(chan struct{})
	forwarder, err := portforward.New(dialer, []string{"0:" + strconv.Itoa(kubelet.EchoPort)}, ctx.Done(), ready, io.Discard, io.Discard)
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
	conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(int(ports[0].Local))))
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
