// Package defaulttolerationseconds is the DefaultTolerationSeconds admission
// plugin: pods tolerate for five minutes that their node is not ready or
// cannot be reached, unless they say otherwise.
package defaulttolerationseconds

import (
	"context"
	"io"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apiserver/pkg/admission"
)

// PluginName is kube-apiserver's name of the plugin.
const PluginName = "DefaultTolerationSeconds"

// DefaultSeconds is how long both conditions are tolerated by default.
const DefaultSeconds = int64(300)

// Register returns a function that makes the plugin known. How long each
// condition is tolerated, in seconds, is read when the plugin is made.
func Register(notReady, unreachable *int64) func(*admission.Plugins) {
	return func(plugins *admission.Plugins) {
		plugins.Register(PluginName, func(io.Reader) (admission.Interface, error) {
			return &plugin{admission.NewHandler(admission.Create, admission.Update), []corev1.Toleration{
				toleration(corev1.TaintNodeNotReady, *notReady), toleration(corev1.TaintNodeUnreachable, *unreachable)}}, nil
		})
	}
}

func toleration(taint string, seconds int64) corev1.Toleration {
	return corev1.Toleration{Key: taint, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: &seconds}
}

type plugin struct {
	*admission.Handler
	defaults []corev1.Toleration
}

var _ admission.MutationInterface = (*plugin)(nil)

// Admit implements admission.MutationInterface.
func (p *plugin) Admit(_ context.Context, a admission.Attributes, _ admission.ObjectInterfaces) error {
	if a.GetResource().GroupResource() != (corev1.Resource("pods")) || a.GetSubresource() != "" {
		return nil
	}
	pod, ok := a.GetObject().(*corev1.Pod)
	if !ok {
		return errors.NewBadRequest("expected *api.Pod")
	}
	for _, toleration := range p.defaults {
		if !tolerates(pod.Spec.Tolerations, toleration.Key) {
			pod.Spec.Tolerations = append(pod.Spec.Tolerations, *toleration.DeepCopy())
		}
	}
	return nil
}

// tolerates reports whether a toleration says anything about the taint, be it
// by leaving key or effect open.
func tolerates(tolerations []corev1.Toleration, taint string) bool {
	for _, t := range tolerations {
		if (t.Key == taint || t.Key == "") && (t.Effect == corev1.TaintEffectNoExecute || t.Effect == "") {
			return true
		}
	}
	return false
}
