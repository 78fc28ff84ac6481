// Package extendedresources implements the admission plugin
// ExtendedResourceToleration. It lets pods that use extended resources run on
// nodes which are kept for them by a taint with the name of the resource.
package extendedresources

import (
	"context"
	"io"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
)

// Plugin returns the entry for the list of plugins.
func Plugin() admission.Plugin {
	return admission.Plugin{Name: "ExtendedResourceToleration", Off: true, New: func(io.Reader) (admission.Interface, error) {
		return admission.Mutate(admission.On(corev1.Resource("pods"), admission.Hooks[*corev1.Pod]{
			Create: tolerate,
			Update: func(ctx context.Context, a admission.Attributes, pod, _ *corev1.Pod) error {
				return tolerate(ctx, a, pod)
			},
		})), nil
	}}
}

// tolerate adds a toleration for each extended resource, by name, unless the pod
// has exactly this one.
func tolerate(_ context.Context, _ admission.Attributes, pod *corev1.Pod) error {
	used := map[corev1.ResourceName]bool{}
	for _, container := range slices.Concat(pod.Spec.Containers, pod.Spec.InitContainers) {
		for name := range container.Resources.Requests {
			if validation.IsExtendedResourceName(name) {
				used[name] = true
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(used)) {
		toleration := corev1.Toleration{Key: string(name), Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}
		if !slices.Contains(pod.Spec.Tolerations, toleration) {
			pod.Spec.Tolerations = append(pod.Spec.Tolerations, toleration)
		}
	}
	return nil
}
