package pod

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/gatehouse-k8s/gatehouse/pkg/kubelet"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/connect"
)

// locatePort returns the address of a port of a pod, by default the first one that
// the pod names.
func (c containers) locatePort(ctx context.Context, request connect.ProxyRequest) (*url.URL, http.RoundTripper, error) {
	pod, err := c.pod(ctx, request.Name)
	if err != nil {
		return nil, nil, err
	}
	ip, port := firstIP(pod), request.Port
	if err := kubelet.CheckHost(ctx, ip); err != nil {
		return nil, nil, apierrors.NewBadRequest(err.Error())
	}
	if port == "" {
		port = firstPort(pod)
	}
	host := net.JoinHostPort(ip, port)
	if port == "" {
		host = strings.TrimSuffix(host, ":") // the port of the scheme
	} else if !connect.ValidPort(port) {
		return nil, nil, request.Invalid()
	}
	return &url.URL{Scheme: request.Scheme, Host: host}, c.needs.Connections.Others(), nil
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
