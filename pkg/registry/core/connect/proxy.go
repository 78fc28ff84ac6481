package connect

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	utilproxy "k8s.io/apimachinery/pkg/util/proxy"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/streaming/pkg/httpstream"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// ProxyREST implements the subresource proxy of pods, nodes and services. It
// passes requests on to what Locate finds.
type ProxyREST struct {
	Needs Needs
	// NewOptions returns empty options of the resource. The rest of the URL path is
	// stored in their path.
	NewOptions func() runtime.Object
	// Locate returns the location for a request, and the transport that reaches it.
	Locate func(context.Context, ProxyRequest) (*url.URL, http.RoundTripper, error)
	// Kind is the name of the resource in messages: pod, node or service.
	Kind string
}

var _ rest.Connecter = (*ProxyREST)(nil)

// ProxyRequest is what the name in the URL of a proxy request consists of. The name
// has the form name, name:port or scheme:name:port.
type ProxyRequest struct {
	// ID is the whole name.
	ID string
	// Scheme and Port are empty if the client does not tell them.
	Scheme, Name, Port string

	kind string
}

// New implements rest.Storage.
func (p *ProxyREST) New() runtime.Object { return p.NewOptions() }

// Destroy implements rest.Storage.
func (p *ProxyREST) Destroy() {}

// ConnectMethods implements rest.Connecter.
func (p *ProxyREST) ConnectMethods() []string { return registry.ProxyMethods() }

// NewConnectOptions implements rest.Connecter.
func (p *ProxyREST) NewConnectOptions() (runtime.Object, bool, string) {
	return p.NewOptions(), true, "path"
}

// Connect implements rest.Connecter.
func (p *ProxyREST) Connect(ctx context.Context, id string, options runtime.Object, responder rest.Responder) (http.Handler, error) {
	path, ok := pathOf(options)
	if !ok {
		return nil, fmt.Errorf("invalid options object: %#v", options)
	}
	request := ProxyRequest{ID: id, kind: p.Kind}
	if request.Scheme, request.Name, request.Port, ok = utilnet.SplitSchemeNamePort(id); !ok {
		return nil, request.Invalid()
	}
	location, transport, err := p.Locate(ctx, request)
	if err != nil {
		return nil, err
	}
	return p.Needs.proxy(location, transport, path, responder), nil
}

// pathOf returns the path in the options of a proxy request.
func pathOf(options runtime.Object) (path string, ok bool) {
	switch o := options.(type) {
	case *corev1.PodProxyOptions:
		return o.Path, true
	case *corev1.NodeProxyOptions:
		return o.Path, true
	case *corev1.ServiceProxyOptions:
		return o.Path, true
	}
	return "", false
}

// Invalid returns the error of a request whose name is malformed.
func (r ProxyRequest) Invalid() error {
	return apierrors.NewBadRequest(fmt.Sprintf("invalid %s request %q", r.kind, r.ID))
}

// ValidPort reports whether the text can be the port of a URL.
func ValidPort(port string) bool {
	_, err := strconv.ParseUint(port, 10, 31)
	return err == nil
}

// proxy passes requests on to a path below the location. What the server there
// answers with is rewritten so that redirects and links lead through the proxy
// again; the server itself follows no redirect.
func (n Needs) proxy(location *url.URL, transport http.RoundTripper, path string, responder rest.Responder) http.Handler {
	at := *location
	at.Path = utilnet.JoinPreservingTrailingSlash(at.Path, path)
	plain := utilproxy.NewUpgradeAwareHandler(&at, transport, true, false, utilproxy.NewErrorResponder(responder))
	upgrade := n.upgrade(&at, transport, responder)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if httpstream.IsUpgradeRequest(r) {
			upgrade.ServeHTTP(w, r)
			return
		}
		plain.ServeHTTP(w, r)
	})
}
