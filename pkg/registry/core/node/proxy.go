package node

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/kubelet"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/connect"
)

// proxyREST implements the proxy to the kubelet of a node, and to other ports of
// the node.
type proxyREST struct {
	connect.ProxyStorage
	nodes rest.Getter
	needs connect.Needs
}

var _ rest.Connecter = (*proxyREST)(nil)

// New implements rest.Storage.
func (p *proxyREST) New() runtime.Object { return &corev1.NodeProxyOptions{} }

// NewConnectOptions implements rest.Connecter. The rest of the URL path is
// stored in the path of the options.
func (p *proxyREST) NewConnectOptions() (runtime.Object, bool, string) {
	return &corev1.NodeProxyOptions{}, true, "path"
}

// Connect implements rest.Connecter.
func (p *proxyREST) Connect(ctx context.Context, id string, options runtime.Object, responder rest.Responder) (http.Handler, error) {
	o, ok := options.(*corev1.NodeProxyOptions)
	if !ok {
		return nil, fmt.Errorf("invalid options object: %#v", options)
	}
	location, transport, err := p.locate(ctx, id)
	if err != nil {
		return nil, err
	}
	return p.needs.Proxy(location, transport, o.Path, responder), nil
}

// locate returns the address for an ID of the form name, name:port or
// scheme:name:port. It is the kubelet's without a port and with the kubelet's.
func (p *proxyREST) locate(ctx context.Context, id string) (*url.URL, http.RoundTripper, error) {
	scheme, name, port, valid := utilnet.SplitSchemeNamePort(id)
	if !valid {
		return nil, nil, apierrors.NewBadRequest(fmt.Sprintf("invalid node request %q", id))
	}
	obj, err := p.nodes.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return nil, nil, err
	}
	target, err := p.needs.Connections.To(obj.(*corev1.Node))
	if err != nil {
		return nil, nil, err
	}
	if err := kubelet.CheckHost(ctx, target.Host); err != nil {
		return nil, nil, apierrors.NewBadRequest(err.Error())
	}
	if port == "" || port == target.Port {
		return &url.URL{Scheme: "https", Host: net.JoinHostPort(target.Host, target.Port)}, target.Guarded, nil
	}
	if !connect.ValidPort(port) {
		return nil, nil, apierrors.NewBadRequest(fmt.Sprintf("invalid node request %q", id))
	}
	return &url.URL{Scheme: scheme, Host: net.JoinHostPort(target.Host, port)}, p.needs.Connections.Others(), nil
}
