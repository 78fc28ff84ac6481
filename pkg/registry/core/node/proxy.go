package node

import (
	"context"
	"net"
	"net/http"
	"net/url"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/kubelet"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/connect"
)

// newProxy returns the proxy to the kubelets of nodes, and to other ports of the
// nodes.
func newProxy(nodes rest.Getter, needs connect.Needs) *connect.ProxyREST {
	return &connect.ProxyREST{Needs: needs, Kind: "node", NewOptions: func() runtime.Object { return &corev1.NodeProxyOptions{} },
		Locate: func(ctx context.Context, request connect.ProxyRequest) (*url.URL, http.RoundTripper, error) {
			return locate(ctx, nodes, needs.Connections, request)
		}}
}

// locate returns the address of a port of a node. It is the kubelet's without a
// port and with the kubelet's.
func locate(ctx context.Context, nodes rest.Getter, to *kubelet.Connections, request connect.ProxyRequest) (*url.URL, http.RoundTripper, error) {
	obj, err := nodes.Get(ctx, request.Name, &metav1.GetOptions{})
	if err != nil {
		return nil, nil, err
	}
	target, err := to.To(obj.(*corev1.Node))
	if err != nil {
		return nil, nil, err
	}
	if err := kubelet.CheckHost(ctx, target.Host); err != nil {
		return nil, nil, apierrors.NewBadRequest(err.Error())
	}
	if request.Port == "" || request.Port == target.Port {
		return &url.URL{Scheme: "https", Host: net.JoinHostPort(target.Host, target.Port)}, target.Guarded, nil
	}
	if !connect.ValidPort(request.Port) {
		return nil, nil, request.Invalid()
	}
	return &url.URL{Scheme: request.Scheme, Host: net.JoinHostPort(target.Host, request.Port)}, to.Others(), nil
}
