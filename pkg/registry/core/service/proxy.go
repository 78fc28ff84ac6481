package service

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
)

// proxyREST implements the proxy to the pods of a service.
type proxyREST struct {
	services *genericregistry.Store
	objects  *objects.Access
}

var (
	_ rest.Connecter = (*proxyREST)(nil)

	endpointSlices = discoveryv1.SchemeGroupVersion.WithResource("endpointslices")
)

func (r *proxyREST) New() runtime.Object { return &corev1.ServiceProxyOptions{} }
func (r *proxyREST) Destroy()            {}

// ConnectMethods implements rest.Connecter.
func (r *proxyREST) ConnectMethods() []string { return registry.ProxyMethods() }

// NewConnectOptions implements rest.Connecter. The rest of the URL path is
// stored in the path of the options.
func (r *proxyREST) NewConnectOptions() (runtime.Object, bool, string) {
	return &corev1.ServiceProxyOptions{}, true, "path"
}

// Connect implements rest.Connecter.
func (r *proxyREST) Connect(ctx context.Context, id string, _ runtime.Object, _ rest.Responder) (http.Handler, error) {
	name, port, err := splitID(id)
	if err != nil {
		return nil, err
	}
	obj, err := r.services.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	s := obj.(*corev1.Service)
	if !hasPort(s, port) {
		return nil, apierrors.NewServiceUnavailable(fmt.Sprintf("no service port %q found for service %q", port, name))
	}
	slices, err := objects.List[*discoveryv1.EndpointSliceList](ctx, r.objects, endpointSlices, s.Namespace, labels.Set{discoveryv1.LabelServiceName: name})
	if err != nil {
		return nil, err
	}
	if !anyReady(slices.Items) {
		return nil, apierrors.NewServiceUnavailable(fmt.Sprintf("no endpoints available for service %q", name))
	}
	return nil, registry.NewNotImplemented("the proxy to a service")
}

// splitID splits an ID of the form name, name:port or scheme:name:port into the
// name and the port.
func splitID(id string) (name, port string, err error) {
	switch parts := strings.Split(id, ":"); len(parts) {
	case 1:
		return parts[0], "", nil
	case 2:
		return parts[0], parts[1], nil
	case 3:
		if parts[0] == "" || parts[0] == "http" || parts[0] == "https" {
			return parts[1], parts[2], nil
		}
	}
	return "", "", apierrors.NewBadRequest(fmt.Sprintf("invalid service request %q", id))
}

// hasPort reports whether the service has a port with this name or number. An
// empty string stands for the default port, so that the result is true.
func hasPort(s *corev1.Service, port string) bool {
	if port == "" {
		return true
	}
	for _, p := range s.Spec.Ports {
		if p.Name == port || strconv.Itoa(int(p.Port)) == port {
			return true
		}
	}
	return false
}

func anyReady(slices []discoveryv1.EndpointSlice) bool {
	for i := range slices {
		for j := range slices[i].Endpoints {
			if ptr.Deref(slices[i].Endpoints[j].Conditions.Ready, true) {
				return true
			}
		}
	}
	return false
}
