package aggregator

import (
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"k8s.io/apimachinery/pkg/util/httpstream"
	utilproxy "k8s.io/apimachinery/pkg/util/proxy"
	endpointmetrics "k8s.io/apiserver/pkg/endpoints/metrics"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	genericfeatures "k8s.io/apiserver/pkg/features"
	utilflowcontrol "k8s.io/apiserver/pkg/util/flowcontrol"
	apiserverproxy "k8s.io/apiserver/pkg/util/proxy"
	"k8s.io/client-go/transport"
	"k8s.io/component-base/tracing"
	"k8s.io/klog/v2"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"k8s.io/kube-aggregator/pkg/apis/apiregistration/v1/helper"
	"k8s.io/kube-aggregator/pkg/controllers/status/remote"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

// proxy forwards requests to the server of one APIService. It authenticates
// itself with the front proxy certificate of this server and names the user in
// headers.
type proxy struct {
	aggregator *Aggregator
	target     atomic.Pointer[target]
}

// target contains what the proxy needs of an APIService.
type target struct {
	service   apiregistrationv1.ServiceReference
	available bool
	transport http.RoundTripper
	// err is set if the transport could not be created.
	err error
}

// update takes over a changed APIService or a changed client certificate.
func (p *proxy) update(service *apiregistrationv1.APIService) {
	cert, key := p.aggregator.config.ClientCert.CurrentCertKeyContent()
	t := &target{
		service:   *service.Spec.Service.DeepCopy(),
		available: helper.IsAPIServiceConditionTrue(service, apiregistrationv1.Available),
	}
	t.transport, t.err = transport.New(remote.BuildTransportConfig(p.aggregator.config.Dial, cert, key, service))
	p.target.Store(t)
}

// ServeHTTP implements http.Handler.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t := p.target.Load()
	if !t.available {
		fail(w, r, "service unavailable", http.StatusServiceUnavailable)
		return
	}
	p.forward(w, r, t)
}

// always returns a handler that forwards even if the server counts as
// unavailable. The controllers of this server use it to find out whether the
// remote server is available.
func (p *proxy) always() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.forward(w, r, p.target.Load()) })
}

func (p *proxy) forward(w http.ResponseWriter, r *http.Request, t *target) {
	if t.err != nil {
		fail(w, r, t.err.Error(), http.StatusInternalServerError)
		return
	}
	user, ok := genericapirequest.UserFrom(r.Context())
	if !ok {
		fail(w, r, "missing user", http.StatusInternalServerError)
		return
	}
	host, err := p.aggregator.resolver.ResolveEndpoint(t.service.Namespace, t.service.Name, *t.service.Port)
	if err != nil {
		klog.ErrorS(err, "Failed to resolve the service of an aggregated API", "service", klog.KRef(t.service.Namespace, t.service.Name))
		fail(w, r, "service unavailable", http.StatusServiceUnavailable)
		return
	}
	location := &url.URL{Scheme: "https", Host: host.Host, Path: r.URL.Path, RawQuery: r.URL.Query().Encode()}
	out, cancel := apiserverproxy.NewRequestForProxy(location, r)
	defer cancel()
	withoutCredentials(out.Header)

	uid := ""
	if features.Enabled(genericfeatures.RemoteRequestHeaderUID) {
		uid = user.GetUID()
	}
	upgrade := httpstream.IsUpgradeRequest(r)
	roundTripper := transport.NewAuthProxyRoundTripper(user.GetName(), uid, user.GetGroups(), user.GetExtra(), t.transport)
	if upgrade {
		// An upgrade does not go through the round tripper: the connection is
		// dialed and the request written directly. So the headers are set here.
		transport.SetAuthProxyHeaders(out, user.GetName(), uid, user.GetGroups(), user.GetExtra())
		out.Header.Set("Connection", "Upgrade")
	} else if p.aggregator.config.Tracer != nil {
		roundTripper = tracing.WrapperFor(p.aggregator.config.Tracer)(roundTripper)
	}
	handler := utilproxy.NewUpgradeAwareHandler(location, roundTripper, true, upgrade, unreachable{})
	handler.RejectForwardingRedirects = p.aggregator.config.RejectRedirects
	utilflowcontrol.RequestDelegated(r.Context())
	handler.ServeHTTP(w, out)
}

// unreachable answers 503 when the remote server could not be reached.
type unreachable struct{}

// Error implements utilproxy.ErrorResponder.
func (unreachable) Error(w http.ResponseWriter, _ *http.Request, err error) {
	http.Error(w, err.Error(), http.StatusServiceUnavailable)
}

// bearerProtocol is the prefix of the WebSocket subprotocol in which browsers
// send a bearer token.
const bearerProtocol = "base64url.bearer.authorization.k8s.io."

// withoutCredentials removes the client's credentials that the authenticators
// have left in the request. The remote server may learn who the user is, but
// must not be able to act as the user elsewhere. The headers that name the user
// need not be removed: the transport replaces them.
func withoutCredentials(header http.Header) {
	header.Del("Authorization")
	const name = "Sec-Websocket-Protocol"
	var kept []string
	for _, value := range header.Values(name) {
		var protocols []string
		for protocol := range strings.SplitSeq(value, ",") {
			if protocol = strings.TrimSpace(protocol); !strings.HasPrefix(protocol, bearerProtocol) {
				protocols = append(protocols, protocol)
			}
		}
		if len(protocols) > 0 {
			kept = append(kept, strings.Join(protocols, ", "))
		}
	}
	header.Del(name)
	for _, value := range kept {
		header.Add(name, value)
	}
}

// fail answers a request that was not forwarded, and counts it in the metrics.
func fail(w http.ResponseWriter, r *http.Request, message string, code int) {
	http.Error(w, message, code)
	if info, ok := genericapirequest.RequestInfoFrom(r.Context()); ok {
		endpointmetrics.RecordRequestTermination(r, info, "aggregator", code)
	}
}
