package pod

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	apiserverproxy "k8s.io/apiserver/pkg/util/proxy"

	"github.com/gatehouse-k8s/gatehouse/pkg/kubelet"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/connect"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
)

// containers reaches the containers of pods, through the kubelets of their nodes.
type containers struct {
	pods    *genericregistry.Store
	objects *objects.Access
	needs   connect.Needs
}

func (c containers) pod(ctx context.Context, name string) (*corev1.Pod, error) {
	obj, err := c.pods.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	return obj.(*corev1.Pod), nil
}

// locate returns the kubelet of a pod, and the URL of an action of that kubelet on
// the pod or, unless its name is empty, one container.
func (c containers) locate(ctx context.Context, pod *corev1.Pod, action, container string, query url.Values) (*url.URL, kubelet.Target, error) {
	target, err := c.needs.Kubelet(ctx, c.objects, pod.Spec.NodeName)
	if err != nil {
		return nil, target, err
	}
	path := "/" + action + "/" + pod.Namespace + "/" + pod.Name
	if container != "" {
		path += "/" + container
	}
	return &url.URL{Scheme: "https", Host: net.JoinHostPort(target.Host, target.Port), Path: path, RawQuery: query.Encode()}, target, nil
}

// streamREST implements the subresources that connect a client to containers:
// exec, attach and portforward.
type streamREST struct {
	containers
	newOptions func() runtime.Object
}

var _ rest.Connecter = (*streamREST)(nil)

// New implements rest.Storage.
func (r *streamREST) New() runtime.Object { return r.newOptions() }

// Destroy implements rest.Storage.
func (r *streamREST) Destroy() {}

// ConnectMethods implements rest.Connecter.
func (r *streamREST) ConnectMethods() []string { return []string{http.MethodGet, http.MethodPost} }

// NewConnectOptions implements rest.Connecter.
func (r *streamREST) NewConnectOptions() (runtime.Object, bool, string) {
	return r.newOptions(), false, ""
}

// Connect implements rest.Connecter.
func (r *streamREST) Connect(ctx context.Context, name string, options runtime.Object, responder rest.Responder) (http.Handler, error) {
	if err := r.needs.MayStream(ctx, name); err != nil {
		return nil, err
	}
	pod, err := r.pod(ctx, name)
	if err != nil {
		return nil, err
	}
	ask, err := questionFor(pod, options)
	if err != nil {
		return nil, err
	}
	if pod.Spec.NodeName == "" {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("pod %s does not have a host assigned", name))
	}
	location, target, err := r.locate(ctx, pod, ask.action, ask.container, ask.query)
	if err != nil {
		return nil, err
	}
	return r.needs.Handler(connect.Stream{Subresource: strings.ToLower(ask.action), Target: target, Location: location, Options: ask.streams}, responder), nil
}

// question is what a kubelet is asked for.
type question struct {
	action, container string
	query             url.Values
	streams           apiserverproxy.Options
}

func questionFor(pod *corev1.Pod, options runtime.Object) (question, error) {
	switch o := options.(type) {
	case *corev1.PodExecOptions:
		container, err := containerOf(pod, o.Container)
		q := question{"exec", container, url.Values{}, apiserverproxy.Options{Stdin: o.Stdin, Stdout: o.Stdout, Stderr: o.Stderr, Tty: o.TTY}}
		if len(o.Command) > 0 {
			q.query["command"] = o.Command
		}
		return q.withStreams(), err
	case *corev1.PodAttachOptions:
		container, err := containerOf(pod, o.Container)
		q := question{"attach", container, url.Values{}, apiserverproxy.Options{Stdin: o.Stdin, Stdout: o.Stdout, Stderr: o.Stderr, Tty: o.TTY}}
		return q.withStreams(), err
	case *corev1.PodPortForwardOptions:
		q := question{action: "portForward", query: url.Values{}}
		if len(o.Ports) > 0 {
			var ports []string
			for _, port := range o.Ports {
				ports = append(ports, strconv.Itoa(int(port)))
			}
			q.query.Set("port", strings.Join(ports, ","))
		}
		return q, nil
	}
	return question{}, fmt.Errorf("invalid options object: %#v", options)
}

func (q question) withStreams() question {
	for name, wanted := range map[string]bool{"input": q.streams.Stdin, "output": q.streams.Stdout, "error": q.streams.Stderr, "tty": q.streams.Tty} {
		if wanted {
			q.query.Set(name, "1")
		}
	}
	return q
}

// containerOf returns the name of the container that a request refers to. The
// request must name it unless the pod has only one container.
func containerOf(pod *corev1.Pod, name string) (string, error) {
	var all []string
	for i := range pod.Spec.InitContainers {
		all = append(all, pod.Spec.InitContainers[i].Name)
	}
	for i := range pod.Spec.Containers {
		all = append(all, pod.Spec.Containers[i].Name)
	}
	for i := range pod.Spec.EphemeralContainers {
		all = append(all, pod.Spec.EphemeralContainers[i].Name)
	}
	switch {
	case name != "" && !slices.Contains(all, name):
		return "", apierrors.NewBadRequest(fmt.Sprintf("container %s is not valid for pod %s", name, pod.Name))
	case name != "":
		return name, nil
	case len(all) == 1:
		return all[0], nil
	}
	return "", apierrors.NewBadRequest(fmt.Sprintf("a container name must be specified for pod %s, choose one of: [%s]", pod.Name, strings.Join(all, " ")))
}
