// Package podtopologylabels implements the admission plugin PodTopologyLabels
// (KEP-4742). It gives pods the zone and the region of their node as labels, when
// they are bound to it.
package podtopologylabels

import (
	"context"
	"io"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission/initializer"
	"k8s.io/client-go/informers"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/component-base/featuregate"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

// Plugin returns the entry for the list of plugins.
func Plugin() admission.Plugin {
	return admission.Plugin{Name: "PodTopologyLabels",
		Needs: []schema.GroupVersionResource{corev1.SchemeGroupVersion.WithResource("nodes")},
		New:   func(io.Reader) (admission.Interface, error) { return newPlugin(), nil }}
}

type plugin struct {
	*admission.Mutating
	enabled bool
	nodes   corelisters.NodeLister
}

var (
	_ initializer.WantsFeatures                    = (*plugin)(nil)
	_ initializer.WantsExternalKubeInformerFactory = (*plugin)(nil)
)

// newPlugin returns the plugin. The legacy resource "bindings" gets no labels, as
// in kube-apiserver.
func newPlugin() *plugin {
	p := &plugin{}
	p.Mutating = admission.Mutate(
		admission.On(corev1.Resource("pods"), admission.Hooks[*corev1.Pod]{
			Create: func(_ context.Context, _ admission.Attributes, pod *corev1.Pod) error {
				return p.label(pod, pod.Spec.NodeName)
			}}),
		admission.On(corev1.Resource("pods/binding"), admission.Hooks[*corev1.Binding]{Create: p.labelBinding}))
	return p
}

// InspectFeatureGates implements initializer.WantsFeatures.
func (p *plugin) InspectFeatureGates(gates featuregate.FeatureGate) {
	p.enabled = gates.Enabled(features.PodTopologyLabelsAdmission)
}

// SetExternalKubeInformerFactory implements initializer.WantsExternalKubeInformerFactory.
func (p *plugin) SetExternalKubeInformerFactory(f informers.SharedInformerFactory) {
	informer := f.Core().V1().Nodes()
	p.nodes = informer.Lister()
	p.WaitFor(informer.Informer())
}

// labelBinding sets labels of a binding, which the pod takes over.
func (p *plugin) labelBinding(_ context.Context, _ admission.Attributes, binding *corev1.Binding) error {
	if binding.Target.Kind != "Node" {
		return nil
	}
	return p.label(binding, binding.Target.Name)
}

// label copies the labels of a node. A node that does not exist is not an error.
func (p *plugin) label(obj metav1.Object, nodeName string) error {
	if !p.enabled || nodeName == "" {
		return nil
	}
	node, err := p.nodes.Get(nodeName)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	labels := obj.GetLabels()
	for _, key := range []string{corev1.LabelTopologyZone, corev1.LabelTopologyRegion} {
		if value, found := node.Labels[key]; found {
			if labels == nil {
				labels = map[string]string{}
			}
			labels[key] = value
		}
	}
	obj.SetLabels(labels)
	return nil
}
