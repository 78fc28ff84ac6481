package kubelet

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"

	utilproxy "k8s.io/apimachinery/pkg/util/proxy"
	apiserverproxy "k8s.io/apiserver/pkg/util/proxy"
	"k8s.io/cri-streaming/pkg/streaming/remotecommand"
	"k8s.io/streaming/pkg/httpstream/wsstream"
)

// startRuntime starts the container runtime, to which the kubelet passes streams on
// by SPDY.
func (k *Kubelet) startRuntime() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("container runtime: %w", err)
	}
	k.runtime, k.address = &http.Server{Handler: k.streams(), ErrorLog: k.server.ErrorLog}, listener.Addr().String()
	go func() {
		if err := k.runtime.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			panic(err)
		}
	}()
	return nil
}

// translated makes a handler for exec and attach understand WebSockets on which a
// client can close its input.
func (k *Kubelet) translated(handler http.Handler) http.Handler {
	return k.ifWebSockets(wsstream.IsWebSocketRequestWithStreamCloseProtocol, handler, func(w http.ResponseWriter, r *http.Request) {
		options, err := remotecommand.NewOptions(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		streams := apiserverproxy.Options{Stdin: options.Stdin, Stdout: options.Stdout, Stderr: options.Stderr, Tty: options.TTY}
		apiserverproxy.NewStreamTranslatorHandler(k.passedOn(r), &http.Transport{}, 0, streams).ServeHTTP(w, r)
	})
}

// tunneled makes a handler for port-forward understand SPDY in WebSocket messages.
func (k *Kubelet) tunneled(handler http.Handler) http.Handler {
	return k.ifWebSockets(wsstream.IsWebSocketRequestWithTunnelingProtocol, handler, func(w http.ResponseWriter, r *http.Request) {
		proxy := utilproxy.NewUpgradeAwareHandler(k.passedOn(r), &http.Transport{}, false, true, responder{})
		apiserverproxy.NewTunnelingHandler(proxy).ServeHTTP(w, r)
	})
}

func (k *Kubelet) ifWebSockets(asked func(*http.Request) bool, otherwise http.Handler, then http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if k.config.WebSockets && asked(r) {
			then(w, r)
			return
		}
		otherwise.ServeHTTP(w, r)
	})
}

// passedOn returns the location of a request at the container runtime.
func (k *Kubelet) passedOn(r *http.Request) *url.URL {
	return &url.URL{Scheme: "http", Host: k.address, Path: r.URL.Path, RawQuery: r.URL.RawQuery}
}

type responder struct{}

// Error implements utilproxy.ErrorResponder.
func (responder) Error(w http.ResponseWriter, _ *http.Request, err error) {
	http.Error(w, err.Error(), http.StatusBadGateway)
}
