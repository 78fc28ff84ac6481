// Package podresize implements the admission plugin PodResizeValidator (KEP-1287).
// It refuses to resize a pod to more than its node could ever run, and on nodes
// that cannot resize pods.
package podresize

import (
	"context"
	"fmt"
	"io"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission/initializer"
	"k8s.io/client-go/informers"
	corelisters "k8s.io/client-go/listers/core/v1"
	resourcehelper "k8s.io/component-helpers/resource"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// Plugin returns the entry for the list of plugins.
func Plugin() admission.Plugin {
	return admission.Plugin{Name: "PodResizeValidator",
		Needs: []schema.GroupVersionResource{corev1.SchemeGroupVersion.WithResource("nodes")},
		New:   func(io.Reader) (admission.Interface, error) { return newPlugin(), nil }}
}

type plugin struct {
	*admission.Validating
	nodes corelisters.NodeLister
}

var _ initializer.WantsExternalKubeInformerFactory = (*plugin)(nil)

func newPlugin() *plugin {
	p := &plugin{}
	p.Validating = admission.Validate(admission.On(corev1.Resource("pods/resize"), admission.Hooks[*corev1.Pod]{Update: p.validate}))
	return p
}

// SetExternalKubeInformerFactory implements initializer.WantsExternalKubeInformerFactory.
func (p *plugin) SetExternalKubeInformerFactory(f informers.SharedInformerFactory) {
	informer := f.Core().V1().Nodes()
	p.nodes = informer.Lister()
	p.WaitFor(informer.Informer())
}

// validate checks a pod that is bound to a node and is really changed.
func (p *plugin) validate(_ context.Context, a admission.Attributes, pod, old *corev1.Pod) error {
	if pod.Spec.NodeName == "" || apiequality.Semantic.DeepEqual(pod.Spec, old.Spec) {
		return nil
	}
	node, err := p.nodes.Get(pod.Spec.NodeName)
	if err != nil {
		return admission.Forbidden(a, "%w", err)
	}
	if os, known := node.Labels[corev1.LabelOSStable]; known && os != string(corev1.Linux) {
		return admission.Forbidden(a, "pod resize is only supported on linux nodes, node %q is %q", node.Name, os)
	}
	if lacking := lacks(node, pod); len(lacking) > 0 {
		return admission.Forbidden(a, "node didn't have enough allocatable resources: %s", strings.Join(lacking, "; "))
	}
	return nil
}

// lacks returns what the pod requests beyond the node's allocatable resources:
// thousandths of CPUs, and bytes of memory.
func lacks(node *corev1.Node, pod *corev1.Pod) []string {
	requests := resourcehelper.PodRequests(pod, resourcehelper.PodResourcesOptions{})
	var found []string
	add := func(name corev1.ResourceName, requested, allocatable int64) {
		if requested > allocatable {
			found = append(found, fmt.Sprintf("%s, requested: %d, allocatable: %d", name, requested, allocatable))
		}
	}
	add(corev1.ResourceCPU, requests.Cpu().MilliValue(), node.Status.Allocatable.Cpu().MilliValue())
	add(corev1.ResourceMemory, requests.Memory().Value(), node.Status.Allocatable.Memory().Value())
	return found
}
