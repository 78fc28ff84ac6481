// Package nodetaint is the TaintNodesByCondition admission plugin: a new node
// is tainted not ready until a controller has seen that it is.
package nodetaint

import (
	"context"
	"io"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// Plugin returns the plugin.
func Plugin() admission.Plugin {
	return admission.Plugin{Name: "TaintNodesByCondition", New: func(io.Reader) (admission.Interface, error) {
		return admission.Mutate(admission.On(corev1.Resource("nodes"), admission.Hooks[*corev1.Node]{Create: taint})), nil
	}}
}

func taint(_ context.Context, _ admission.Attributes, node *corev1.Node) error {
	notReady := corev1.Taint{Key: corev1.TaintNodeNotReady, Effect: corev1.TaintEffectNoSchedule}
	if !slices.ContainsFunc(node.Spec.Taints, func(t corev1.Taint) bool { return t.MatchTaint(&notReady) }) {
		node.Spec.Taints = append(node.Spec.Taints, notReady)
	}
	return nil
}
