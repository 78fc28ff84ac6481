package connect

import (
	"net/http"
	"net/url"

	"k8s.io/apiserver/pkg/registry/rest"
	apiserverproxy "k8s.io/apiserver/pkg/util/proxy"
	proxymetrics "k8s.io/apiserver/pkg/util/proxy/metrics"
	"k8s.io/streaming/pkg/httpstream/wsstream"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
	"github.com/gatehouse-k8s/gatehouse/pkg/kubelet"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/connect/channels"
	"github.com/gatehouse-k8s/gatehouse/pkg/tlsconn"
)

// Stream is a stream between a client and a kubelet.
type Stream struct {
	// Subresource is exec, attach or portforward.
	Subresource string
	// Target is the kubelet, and Location what the server asks it for.
	Target   kubelet.Target
	Location *url.URL
	// Options say which streams exec and attach have.
	Options apiserverproxy.Options
}

// The values of the label proxy_type of
// apiserver_websocket_streaming_requests_total. As in kube-apiserver, translated
// also counts requests that need no translation.
const (
	proxied    = "proxied_to_kubelet"
	translated = "translated_at_apiserver"
)

// Handler returns a handler that passes an upgraded connection on to the kubelet.
// Most kubelets speak SPDY and only old protocols on WebSockets. For them the
// WebSocket protocol of exec and attach in which a client can close its input is
// translated to SPDY, and SPDY that port-forward wraps into WebSocket messages is
// unwrapped (KEP-4006).
func (n Needs) Handler(s Stream, responder rest.Responder) http.Handler {
	direct := n.upgrade(s.Location, s.Target.Transport, responder)
	translator, translates := n.translator(s, direct)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.spoken() {
			proxymetrics.IncWebSocketStreamingRequest(r.Context(), s.Subresource, proxied)
			direct.ServeHTTP(w, r)
			return
		}
		proxymetrics.IncWebSocketStreamingRequest(r.Context(), s.Subresource, translated)
		apiserverproxy.NewTranslatingHandler(direct, untilHangup(translator), translates).ServeHTTP(w, r)
	})
}

// spoken reports whether the kubelet speaks the new protocols itself.
func (s Stream) spoken() bool {
	return s.Target.WebSockets && features.Enabled(features.ExtendWebSocketsToKubelet)
}

// translator returns what translates requests for a stream, and which requests
// need it.
func (n Needs) translator(s Stream, direct http.Handler) (http.Handler, func(*http.Request) bool) {
	if s.Subresource == "portforward" {
		if features.Enabled(features.PortForwardWebsockets) {
			return apiserverproxy.NewTunnelingHandler(direct), wsstream.IsWebSocketRequestWithTunnelingProtocol
		}
	} else if features.Enabled(features.TranslateStreamCloseWebsocketRequests) {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if channels.Accepts(r) {
				n.translate(w, r, s)
				return
			}
			// The library answers incomplete handshakes, most of which it refuses.
			transport, location := kubelet.ForUpgrade(s.Target.Transport, s.Location, tlsconn.SPDY())
			apiserverproxy.NewStreamTranslatorHandler(location, transport, n.BytesPerSecond, s.Options).ServeHTTP(w, r)
		}), wsstream.IsWebSocketRequestWithStreamCloseProtocol
	}
	return nil, func(*http.Request) bool { return false }
}
