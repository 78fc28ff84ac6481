package pod

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/kubelet"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/connect"
)

// proxyREST implements the proxy to a port of a pod.
type proxyREST struct {
	connect.ProxyStorage
	containers
}

var _ rest.Connecter = (*proxyREST)(nil)

// New implements rest.Storage.
func (r *proxyREST) New() runtime.Object { return &corev1.PodProxyOptions{} }

// NewConnectOptions implements rest.Connecter. The rest of the URL path is
// stored in the path of the options.
func (r *proxyREST) NewConnectOptions() (runtime.Object, bool, string) {
	return &corev1.PodProxyOptions{}, true, "path"
}

// Connect implements rest.Connecter.
func (r *proxyREST) Connect(ctx context.Context, id string, options runtime.Object, responder rest.Responder) (http.Handler, error) {
	o, ok := options.(*corev1.PodProxyOptions)
	if !ok {
		return nil, fmt.Errorf("invalid options object: %#v", options)
	}
	scheme, name, port, valid := utilnet.SplitSchemeNamePort(id)
	if !valid {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("invalid pod request %q", id))
	}
	pod, err := r.pod(ctx, name)
	if err != nil {
		return nil, err
	}
	ip := firstIP(pod)
	if err := kubelet.CheckHost(ctx, ip); err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	if port == "" {
		port = firstPort(pod)
	}
	host := net.JoinHostPort(ip, port)
	if port == "" {
		host = strings.TrimSuffix(host, ":") // the port of the scheme
	} else if !connect.ValidPort(port) {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("invalid pod request %q", id))
	}
	return r.needs.Proxy(&url.URL{Scheme: scheme, Host: host}, r.needs.Connections.Others(), o.Path, responder), nil
}

// firstPort is the first port that a container of the pod names, or empty.
func firstPort(pod *corev1.Pod) string {
	for i := range pod.Spec.Containers {
		if ports := pod.Spec.Containers[i].Ports; len(ports) > 0 {
			return strconv.Itoa(int(ports[0].ContainerPort))
		}
	}
	return ""
}
