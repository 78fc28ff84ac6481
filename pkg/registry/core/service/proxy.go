package service

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	apiserverproxy "k8s.io/apiserver/pkg/util/proxy"

	"github.com/gatehouse-k8s/gatehouse/pkg/kubelet"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/connect"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
)

// proxyREST implements the proxy to the pods of a service.
type proxyREST struct {
	connect.ProxyStorage
	services *genericregistry.Store
	objects  *objects.Access
	needs    connect.Needs
}

var (
	_ rest.Connecter = (*proxyREST)(nil)

	endpointSlices = discoveryv1.SchemeGroupVersion.WithResource("endpointslices")
)

// New implements rest.Storage.
func (r *proxyREST) New() runtime.Object { return &corev1.ServiceProxyOptions{} }

// NewConnectOptions implements rest.Connecter. The rest of the URL path is
// stored in the path of the options.
func (r *proxyREST) NewConnectOptions() (runtime.Object, bool, string) {
	return &corev1.ServiceProxyOptions{}, true, "path"
}

// Connect implements rest.Connecter.
func (r *proxyREST) Connect(ctx context.Context, id string, options runtime.Object, responder rest.Responder) (http.Handler, error) {
	o, ok := options.(*corev1.ServiceProxyOptions)
	if !ok {
		return nil, fmt.Errorf("invalid options object: %#v", options)
	}
	scheme, name, port, valid := utilnet.SplitSchemeNamePort(id)
	if !valid {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("invalid service request %q", id))
	}
	obj, err := r.services.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	host, err := r.endpoint(ctx, obj.(*corev1.Service), id, port)
	if err != nil {
		return nil, err
	}
	return r.needs.Proxy(&url.URL{Scheme: scheme, Host: host}, r.needs.Connections.Others(), o.Path, responder), nil
}

// endpoint returns the address of a ready pod of the service, chosen by chance.
// port is the name or the number of a port of the service; empty is the port
// without a name.
func (r *proxyREST) endpoint(ctx context.Context, s *corev1.Service, id, port string) (string, error) {
	portName, err := nameOf(s, port)
	if err != nil {
		return "", err
	}
	list, err := objects.List[*discoveryv1.EndpointSliceList](ctx, r.objects, endpointSlices, s.Namespace, labels.Set{discoveryv1.LabelServiceName: s.Name})
	if err != nil {
		return "", err
	}
	var all []*discoveryv1.EndpointSlice
	for i := range list.Items {
		all = append(all, &list.Items[i])
	}
	family := corev1.IPFamilyUnknown
	if len(s.Spec.IPFamilies) > 0 {
		family = s.Spec.IPFamilies[0]
	}
	return apiserverproxy.RandomEndpoint(id, all, portName, family, func(e *discoveryv1.Endpoint) bool { return r.isPod(ctx, s.Namespace, e) })
}

// nameOf returns the name of the port of a service with this name or number.
func nameOf(s *corev1.Service, port string) (string, error) {
	number, err := strconv.ParseInt(port, 10, 64)
	if err != nil {
		return port, nil
	}
	for _, p := range s.Spec.Ports {
		if int64(p.Port) == number {
			return p.Name, nil
		}
	}
	return "", apierrors.NewServiceUnavailable(fmt.Sprintf("no service port %d found for service %q", number, s.Name))
}

// isPod reports whether the endpoint is a pod of the namespace. Whoever may write
// endpoints could otherwise reach any address through the server.
func (r *proxyREST) isPod(ctx context.Context, namespace string, e *discoveryv1.Endpoint) bool {
	if ref := e.TargetRef; ref == nil || ref.Kind != "Pod" || ref.Namespace != namespace || len(e.Addresses) == 0 {
		return false
	}
	pod, err := objects.Get[*corev1.Pod](ctx, r.objects, corev1.Resource("pods"), namespace, e.TargetRef.Name)
	if err != nil || kubelet.CheckHost(ctx, e.Addresses[0]) != nil {
		return false
	}
	return slices.ContainsFunc(pod.Status.PodIPs, func(ip corev1.PodIP) bool { return ip.IP == e.Addresses[0] })
}
