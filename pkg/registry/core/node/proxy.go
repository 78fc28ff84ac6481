package node

import (
	"context"
	"net/http"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// proxyREST is the proxy to kubelets. Discovery lists it, but it answers that
// it is not implemented, because this server has no connections to kubelets.
type proxyREST struct{ nodes rest.Getter }

var _ rest.Connecter = (*proxyREST)(nil)

// New implements rest.Storage.
func (p *proxyREST) New() runtime.Object { return &corev1.NodeProxyOptions{} }

// Destroy implements rest.Storage.
func (p *proxyREST) Destroy() {}

// ConnectMethods implements rest.Connecter.
func (p *proxyREST) ConnectMethods() []string {
	return registry.ProxyMethods()
}

// NewConnectOptions implements rest.Connecter. The rest of the URL path is
// stored in the path of the options.
func (p *proxyREST) NewConnectOptions() (runtime.Object, bool, string) {
	return &corev1.NodeProxyOptions{}, true, "path"
}

// Connect implements rest.Connecter.
func (p *proxyREST) Connect(ctx context.Context, name string, _ runtime.Object, responder rest.Responder) (http.Handler, error) {
	if _, err := p.nodes.Get(ctx, name, &metav1.GetOptions{}); err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		responder.Error(apierrors.NewServiceUnavailable("the server has no connection to the kubelet of node " + name))
	}), nil
}
