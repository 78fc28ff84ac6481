package pod

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	genericrest "k8s.io/apiserver/pkg/registry/generic/rest"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/podspec"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// streamREST implements the subresources that connect a client to containers:
// exec, attach and portforward.
type streamREST struct {
	pods       *genericregistry.Store
	newOptions func() runtime.Object
}

// proxyREST implements the proxy to a port of a pod.
type proxyREST struct{ pods *genericregistry.Store }

// logREST implements reading the logs of a container.
type logREST struct{ pods *genericregistry.Store }

var (
	_ rest.Connecter         = (*streamREST)(nil)
	_ rest.Connecter         = (*proxyREST)(nil)
	_ rest.GetterWithOptions = (*logREST)(nil)
)

func getPod(ctx context.Context, pods *genericregistry.Store, name string) (*corev1.Pod, error) {
	obj, err := pods.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	return obj.(*corev1.Pod), nil
}

func (r *streamREST) New() runtime.Object { return r.newOptions() }
func (r *streamREST) Destroy()            {}

// ConnectMethods implements rest.Connecter.
func (r *streamREST) ConnectMethods() []string { return []string{http.MethodGet, http.MethodPost} }

// NewConnectOptions implements rest.Connecter.
func (r *streamREST) NewConnectOptions() (runtime.Object, bool, string) {
	return r.newOptions(), false, ""
}

// Connect implements rest.Connecter.
func (r *streamREST) Connect(ctx context.Context, name string, options runtime.Object, _ rest.Responder) (http.Handler, error) {
	pod, err := getPod(ctx, r.pods, name)
	if err != nil {
		return nil, err
	}
	switch o := options.(type) {
	case *corev1.PodExecOptions:
		_, err = containerOf(pod, o.Container)
	case *corev1.PodAttachOptions:
		_, err = containerOf(pod, o.Container)
	}
	if err != nil {
		return nil, err
	}
	if pod.Spec.NodeName == "" {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("pod %s does not have a host assigned", name))
	}
	return nil, registry.NewNotImplemented("streaming from and to the containers of a pod")
}

// containerOf returns the name of the container that a request refers to. The
// request must name it unless the pod has only one container.
func containerOf(pod *corev1.Pod, name string) (string, error) {
	var init, all []string
	for i := range pod.Spec.InitContainers {
		init = append(init, pod.Spec.InitContainers[i].Name)
	}
	for i := range pod.Spec.Containers {
		all = append(all, pod.Spec.Containers[i].Name)
	}
	for i := range pod.Spec.EphemeralContainers {
		all = append(all, pod.Spec.EphemeralContainers[i].Name)
	}
	switch {
	case name != "" && !slices.Contains(init, name) && !slices.Contains(all, name):
		return "", apierrors.NewBadRequest(fmt.Sprintf("container %s is not valid for pod %s", name, pod.Name))
	case name != "":
		return name, nil
	case len(init)+len(all) == 1:
		return all[0], nil
	}
	choice := fmt.Sprintf("a container name must be specified for pod %s, choose one of: [%s]", pod.Name, strings.Join(all, " "))
	if len(init) > 0 {
		choice += fmt.Sprintf(" or one of the init containers: [%s]", strings.Join(init, " "))
	}
	return "", apierrors.NewBadRequest(choice)
}

func (r *proxyREST) New() runtime.Object { return &corev1.PodProxyOptions{} }
func (r *proxyREST) Destroy()            {}

// ConnectMethods implements rest.Connecter.
func (r *proxyREST) ConnectMethods() []string { return registry.ProxyMethods() }

// NewConnectOptions implements rest.Connecter. The rest of the URL path is
// stored in the path of the options.
func (r *proxyREST) NewConnectOptions() (runtime.Object, bool, string) {
	return &corev1.PodProxyOptions{}, true, "path"
}

// Connect implements rest.Connecter.
func (r *proxyREST) Connect(ctx context.Context, id string, _ runtime.Object, _ rest.Responder) (http.Handler, error) {
	pod, err := getPod(ctx, r.pods, podName(id))
	if err != nil {
		return nil, err
	}
	if !proxyable(firstIP(pod)) {
		return nil, apierrors.NewBadRequest("address not allowed")
	}
	return nil, registry.NewNotImplemented("the proxy to a pod")
}

// proxyable reports whether the address is that of another host. Clients must
// not reach services that listen on loopback or link-local addresses of the
// server's host, because these often trust all local clients.
func proxyable(ip string) bool {
	addr, err := netip.ParseAddr(ip)
	return err == nil && !addr.IsLoopback() && !addr.IsLinkLocalUnicast() && !addr.IsLinkLocalMulticast() && !addr.IsInterfaceLocalMulticast()
}

// podName returns the name of the pod from an ID of the form scheme:name:port,
// name:port or name.
func podName(id string) string {
	parts := strings.Split(id, ":")
	if len(parts) == 3 {
		return parts[1]
	}
	return parts[0]
}

func (r *logREST) New() runtime.Object { return &corev1.Pod{} }
func (r *logREST) Destroy()            {}

// ProducesMIMETypes and ProducesObject implement rest.StorageMetadata. Logs are
// plain text.
func (r *logREST) ProducesMIMETypes(string) []string { return []string{"text/plain"} }
func (r *logREST) ProducesObject(string) any         { return "" }

// NewGetOptions implements rest.GetterWithOptions.
func (r *logREST) NewGetOptions() (runtime.Object, bool, string) {
	return &corev1.PodLogOptions{}, false, ""
}

// OverrideMetricsVerb implements rest.OverrideMetricsVerb. Log requests are
// counted as CONNECT and not as GET, because a request that follows a log can
// take arbitrarily long.
func (r *logREST) OverrideMetricsVerb(verb string) string {
	if verb == "GET" {
		return "CONNECT"
	}
	return verb
}

// Get implements rest.GetterWithOptions.
func (r *logREST) Get(ctx context.Context, name string, options runtime.Object) (runtime.Object, error) {
	o, ok := options.(*corev1.PodLogOptions)
	if !ok {
		return nil, fmt.Errorf("invalid options object: %#v", options)
	}
	if errs := podspec.ValidatePodLogOptions(o); len(errs) > 0 {
		return nil, apierrors.NewInvalid(schema.GroupKind{Kind: "PodLogOptions"}, name, errs)
	}
	pod, err := getPod(ctx, r.pods, name)
	if err != nil {
		return nil, err
	}
	if _, err := containerOf(pod, o.Container); err != nil {
		return nil, err
	}
	if pod.Spec.NodeName == "" {
		return &genericrest.LocationStreamer{}, nil // A pod that is not assigned to a node has no logs: kube-apiserver answers with an empty body.
	}
	return nil, registry.NewNotImplemented("reading the logs of a pod")
}
