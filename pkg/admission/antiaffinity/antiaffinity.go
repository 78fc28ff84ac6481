// Package antiaffinity implements the admission plugin
// LimitPodHardAntiAffinityTopology. It refuses pods that keep others away from
// more than their own node.
package antiaffinity

import (
	"context"
	"io"

	corev1 "k8s.io/api/core/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// Plugin returns the entry for the list of plugins.
func Plugin() admission.Plugin {
	return admission.Plugin{Name: "LimitPodHardAntiAffinityTopology", Off: true, New: func(io.Reader) (admission.Interface, error) {
		return admission.Validate(admission.On(corev1.Resource("pods"), admission.Hooks[*corev1.Pod]{
			Create: validate,
			Update: func(ctx context.Context, a admission.Attributes, pod, _ *corev1.Pod) error {
				return validate(ctx, a, pod)
			},
		})), nil
	}}
}

func validate(_ context.Context, a admission.Attributes, pod *corev1.Pod) error {
	if pod.Spec.Affinity == nil || pod.Spec.Affinity.PodAntiAffinity == nil {
		return nil
	}
	for _, term := range pod.Spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution {
		if term.TopologyKey != corev1.LabelHostname {
			return admission.Forbidden(a, "affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey %v but only key %v is allowed",
				term.TopologyKey, corev1.LabelHostname)
		}
	}
	return nil
}
