// Package nodefeatures implements the admission plugin
// NodeDeclaredFeatureValidator (KEP-5328). It refuses updates of a pod that its
// node cannot carry out, because the node does not declare the feature for it.
package nodefeatures

import (
	"context"
	"io"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/admission/initializer"
	"k8s.io/client-go/informers"
	corelisters "k8s.io/client-go/listers/core/v1"
	basecompatibility "k8s.io/component-base/compatibility"
	"k8s.io/component-base/featuregate"
	"k8s.io/component-helpers/nodedeclaredfeatures"
	"k8s.io/component-helpers/nodedeclaredfeatures/types"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

// Plugin returns the entry for the list of plugins.
func Plugin() admission.Plugin {
	return admission.Plugin{Name: "NodeDeclaredFeatureValidator",
		Needs: []schema.GroupVersionResource{corev1.SchemeGroupVersion.WithResource("nodes")},
		New:   func(io.Reader) (admission.Interface, error) { return newPlugin(), nil }}
}

type plugin struct {
	*admission.Validating
	enabled bool
	version *version.Version
	nodes   corelisters.NodeLister
}

var (
	_ initializer.WantsFeatures                    = (*plugin)(nil)
	_ initializer.WantsEffectiveVersion            = (*plugin)(nil)
	_ initializer.WantsExternalKubeInformerFactory = (*plugin)(nil)
)

// newPlugin returns the plugin. Of all updates of pods, only those of their
// resources need features of the node.
func newPlugin() *plugin {
	p := &plugin{}
	p.Validating = admission.Validate(admission.On(corev1.Resource("pods/resize"), admission.Hooks[*corev1.Pod]{Update: p.validate}))
	return p
}

// InspectFeatureGates implements initializer.WantsFeatures.
func (p *plugin) InspectFeatureGates(gates featuregate.FeatureGate) {
	p.enabled = gates.Enabled(features.NodeDeclaredFeatures)
}

// InspectEffectiveVersion implements initializer.WantsEffectiveVersion.
func (p *plugin) InspectEffectiveVersion(v basecompatibility.EffectiveVersion) {
	p.version = v.EmulationVersion()
}

// SetExternalKubeInformerFactory implements initializer.WantsExternalKubeInformerFactory.
func (p *plugin) SetExternalKubeInformerFactory(f informers.SharedInformerFactory) {
	informer := f.Core().V1().Nodes()
	p.nodes = informer.Lister()
	p.WaitFor(informer.Informer())
}

func (p *plugin) validate(_ context.Context, a admission.Attributes, pod, old *corev1.Pod) error {
	if !p.enabled || pod.Spec.NodeName == "" {
		return nil
	}
	framework := nodedeclaredfeatures.DefaultFramework
	needed, err := framework.InferForPodUpdate(&types.PodInfo{Spec: &old.Spec, Status: &old.Status},
		&types.PodInfo{Spec: &pod.Spec, Status: &pod.Status}, p.version)
	if err != nil {
		return admission.Forbidden(a, "%w", err)
	}
	if needed.IsEmpty() {
		return nil
	}
	node, err := p.nodes.Get(pod.Spec.NodeName)
	if err != nil {
		return admission.Forbidden(a, "%w", err)
	}
	match, err := framework.MatchNode(needed, node)
	if err != nil {
		return admission.Forbidden(a, "%w", err)
	}
	if !match.IsMatch {
		return admission.Forbidden(a, "pod update requires features %s which are not available on node %q",
			strings.Join(match.UnsatisfiedRequirements, ", "), node.Name)
	}
	return nil
}
