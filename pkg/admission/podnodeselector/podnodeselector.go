// Package podnodeselector implements the admission plugin PodNodeSelector. It
// restricts the pods of a namespace to some nodes.
package podnodeselector

import (
	"context"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apiserver/pkg/admission/initializer"
	"k8s.io/client-go/informers"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// annotation is the node selector that all pods of a namespace get.
const annotation = "scheduler.alpha.kubernetes.io/node-selector"

// clusterDefault is the key of the selector for namespaces without the annotation.
// All other keys of the configuration are namespaces.
const clusterDefault = "clusterDefaultNodeSelector"

// Plugin returns the entry for the list of plugins.
func Plugin() admission.Plugin {
	return admission.Plugin{Name: "PodNodeSelector", Off: true, New: func(config io.Reader) (admission.Interface, error) { return newPlugin(config) }}
}

type plugin struct {
	*admission.MutatingAndValidating
	admission.Namespaces
	// standard is the selector of namespaces without an annotation.
	standard labels.Set
	// allowed are, by namespace, all labels that pods may select. A namespace that
	// has none may select all.
	allowed map[string]labels.Set
}

var (
	_ initializer.WantsExternalKubeInformerFactory = (*plugin)(nil)
	_ initializer.WantsExternalKubeClientSet       = (*plugin)(nil)
)

func newPlugin(config io.Reader) (*plugin, error) {
	var file struct {
		Selectors map[string]string `json:"podNodeSelectorPluginConfig"`
	}
	if err := admission.DecodeConfig(config, &file); err != nil {
		return nil, err
	}
	p := &plugin{allowed: map[string]labels.Set{}}
	for namespace, selector := range file.Selectors {
		set, err := labels.ConvertSelectorToLabelsMap(selector)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", namespace, err)
		}
		if namespace == clusterDefault {
			p.standard = set
		} else {
			p.allowed[namespace] = set
		}
	}
	pods := corev1.Resource("pods")
	p.MutatingAndValidating = admission.MutateAndValidate(
		[]admission.Rule{admission.On(pods, admission.Hooks[*corev1.Pod]{Create: p.merge})},
		[]admission.Rule{admission.On(pods, admission.Hooks[*corev1.Pod]{Create: p.validate})})
	return p, nil
}

// SetExternalKubeInformerFactory implements initializer.WantsExternalKubeInformerFactory.
func (p *plugin) SetExternalKubeInformerFactory(f informers.SharedInformerFactory) {
	p.WaitFor(p.Follow(f))
}

// selectorOf returns the selector of a namespace.
func (p *plugin) selectorOf(ctx context.Context, name string) (labels.Set, error) {
	namespace, err := p.GetNamespace(ctx, name)
	if err != nil {
		return nil, err
	}
	if selector, found := namespace.Annotations[annotation]; found {
		return labels.ConvertSelectorToLabelsMap(selector)
	}
	return p.standard, nil
}

// merge adds the selector of the namespace to that of the pod.
func (p *plugin) merge(ctx context.Context, a admission.Attributes, pod *corev1.Pod) error {
	selector, err := p.check(ctx, a, pod)
	if err != nil {
		return err
	}
	if merged := labels.Merge(selector, pod.Spec.NodeSelector); len(merged) > 0 {
		pod.Spec.NodeSelector = merged
	}
	return nil
}

func (p *plugin) validate(ctx context.Context, a admission.Attributes, pod *corev1.Pod) error {
	if _, err := p.check(ctx, a, pod); err != nil {
		return err
	}
	allowed := p.allowed[a.GetNamespace()]
	if len(allowed) == 0 {
		return nil
	}
	for key, value := range pod.Spec.NodeSelector {
		if have, found := allowed[key]; !found || have != value {
			return admission.Forbidden(a, "pod node label selector labels conflict with its namespace whitelist")
		}
	}
	return nil
}

// check returns the selector of the pod's namespace, which must not contradict
// the pod's own.
func (p *plugin) check(ctx context.Context, a admission.Attributes, pod *corev1.Pod) (labels.Set, error) {
	selector, err := p.selectorOf(ctx, a.GetNamespace())
	if err == nil && labels.Conflicts(selector, pod.Spec.NodeSelector) {
		err = admission.Forbidden(a, "pod node label selector conflicts with its namespace node label selector")
	}
	return selector, err
}
