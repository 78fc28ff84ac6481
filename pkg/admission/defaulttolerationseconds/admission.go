// Package defaulttolerationseconds is the DefaultTolerationSeconds admission
// plugin: pods tolerate for five minutes that their node is not ready or
// cannot be reached, unless they say otherwise.
package defaulttolerationseconds

import (
	"context"
	"io"

	"github.com/spf13/pflag"
	corev1 "k8s.io/api/core/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// defaultSeconds is how long both conditions are tolerated by default.
const defaultSeconds = int64(300)

// flags are how many seconds each condition is tolerated.
type flags struct{ notReady, unreachable int64 }

// Plugin returns the plugin.
func Plugin() admission.Plugin {
	f := &flags{defaultSeconds, defaultSeconds}
	return admission.Plugin{
		Name:     "DefaultTolerationSeconds",
		AddFlags: f.add,
		New: func(io.Reader) (admission.Interface, error) {
			p := &plugin{defaults: []corev1.Toleration{
				toleration(corev1.TaintNodeNotReady, f.notReady), toleration(corev1.TaintNodeUnreachable, f.unreachable)}}
			return admission.Mutate(admission.On(corev1.Resource("pods"), admission.Hooks[*corev1.Pod]{
				Create: p.tolerate,
				Update: func(ctx context.Context, a admission.Attributes, pod, _ *corev1.Pod) error {
					return p.tolerate(ctx, a, pod)
				},
			})), nil
		},
	}
}

func (f *flags) add(fs *pflag.FlagSet) {
	fs.Int64Var(&f.notReady, "default-not-ready-toleration-seconds", f.notReady,
		"How many seconds a pod tolerates by default that its node is not ready.")
	fs.Int64Var(&f.unreachable, "default-unreachable-toleration-seconds", f.unreachable,
		"How many seconds a pod tolerates by default that its node is unreachable.")
}

func toleration(taint string, seconds int64) corev1.Toleration {
	return corev1.Toleration{Key: taint, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: &seconds}
}

type plugin struct{ defaults []corev1.Toleration }

func (p *plugin) tolerate(_ context.Context, _ admission.Attributes, pod *corev1.Pod) error {
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
