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
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	apiserverproxy "k8s.io/apiserver/pkg/util/proxy"

	"github.com/gatehouse-k8s/gatehouse/pkg/kubelet"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/connect"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
)

// endpointSlices is the resource that tells the pods of a service.
var endpointSlices = discoveryv1.SchemeGroupVersion.WithResource("endpointslices")

// backends finds the pods of services.
type backends struct {
	services *genericregistry.Store
	objects  *objects.Access
}

// newProxy returns the proxy to the pods of services.
func newProxy(services *genericregistry.Store, access *objects.Access, needs connect.Needs) *connect.ProxyREST {
	b := backends{services: services, objects: access}
	return &connect.ProxyREST{Needs: needs, Kind: "service", NewOptions: func() runtime.Object { return &corev1.ServiceProxyOptions{} },
		Locate: func(ctx context.Context, request connect.ProxyRequest) (*url.URL, http.RoundTripper, error) {
			host, err := b.locate(ctx, request)
			return &url.URL{Scheme: request.Scheme, Host: host}, needs.Connections.Others(), err
		}}
}

func (r backends) locate(ctx context.Context, request connect.ProxyRequest) (host string, err error) {
	obj, err := r.services.Get(ctx, request.Name, &metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	return r.endpoint(ctx, obj.(*corev1.Service), request.ID, request.Port)
}

// endpoint returns the address of a ready pod of the service, chosen by chance.
// port is the name or the number of a port of the service; empty is the port
// without a name.
func (r backends) endpoint(ctx context.Context, s *corev1.Service, id, port string) (string, error) {
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
func (r backends) isPod(ctx context.Context, namespace string, e *discoveryv1.Endpoint) bool {
	if ref := e.TargetRef; ref == nil || ref.Kind != "Pod" || ref.Namespace != namespace || len(e.Addresses) == 0 {
		return false
	}
	pod, err := objects.Get[*corev1.Pod](ctx, r.objects, corev1.Resource("pods"), namespace, e.TargetRef.Name)
	if err != nil || kubelet.CheckHost(ctx, e.Addresses[0]) != nil {
		return false
	}
	return slices.ContainsFunc(pod.Status.PodIPs, func(ip corev1.PodIP) bool { return ip.IP == e.Addresses[0] })
}
