// Package podtolerations implements the admission plugin PodTolerationRestriction.
// It adds the tolerations of a namespace to its pods, and refuses pods that
// tolerate more than the namespace may.
package podtolerations

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/admission/initializer"
	"k8s.io/client-go/informers"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/podspec"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/core/validation"
)

// The annotations of a namespace that take the place of the configuration.
const (
	defaults  = "scheduler.alpha.kubernetes.io/defaultTolerations"
	whitelist = "scheduler.alpha.kubernetes.io/tolerationsWhitelist"
)

// Plugin returns the entry for the list of plugins.
func Plugin() admission.Plugin {
	return admission.Plugin{Name: "PodTolerationRestriction", Off: true, New: func(config io.Reader) (admission.Interface, error) { return newPlugin(config) }}
}

// configuration is for namespaces without the annotations.
type configuration struct {
	Default   []corev1.Toleration `json:"default"`
	Whitelist []corev1.Toleration `json:"whitelist"`
}

type plugin struct {
	*admission.MutatingAndValidating
	admission.Namespaces
	cluster configuration
}

var (
	_ initializer.WantsExternalKubeInformerFactory = (*plugin)(nil)
	_ initializer.WantsExternalKubeClientSet       = (*plugin)(nil)
)

func newPlugin(config io.Reader) (*plugin, error) {
	p := &plugin{}
	kind := schema.GroupVersionKind{Group: "podtolerationrestriction.admission.k8s.io", Version: "v1alpha1", Kind: "Configuration"}
	if err := admission.DecodeKind(config, kind, &p.cluster); err != nil {
		return nil, err
	}
	path := field.NewPath("podtolerationrestriction")
	errs := append(validation.ValidateTolerations(p.cluster.Default, false, path.Child("default")),
		validation.ValidateTolerations(p.cluster.Whitelist, false, path.Child("whitelist"))...)
	if len(errs) > 0 {
		return nil, fmt.Errorf("invalid config: %w", errs.ToAggregate())
	}
	pods := corev1.Resource("pods")
	p.MutatingAndValidating = admission.MutateAndValidate(
		[]admission.Rule{admission.On(pods, admission.Hooks[*corev1.Pod]{Create: p.tolerate})},
		[]admission.Rule{admission.On(pods, admission.Hooks[*corev1.Pod]{
			Create: p.validate,
			Update: func(ctx context.Context, a admission.Attributes, pod, _ *corev1.Pod) error {
				return p.validate(ctx, a, pod)
			},
		})})
	return p, nil
}

// SetExternalKubeInformerFactory implements initializer.WantsExternalKubeInformerFactory.
func (p *plugin) SetExternalKubeInformerFactory(f informers.SharedInformerFactory) {
	p.WaitFor(p.Follow(f))
}

// tolerate adds the tolerations of the namespace, and one for nodes under memory
// pressure to pods that say how much they need.
func (p *plugin) tolerate(ctx context.Context, a admission.Attributes, pod *corev1.Pod) error {
	added, found, err := p.annotated(ctx, a, defaults)
	if err != nil {
		return err
	}
	if !found {
		added = p.cluster.Default
	}
	if podspec.QOSClass(pod) != corev1.PodQOSBestEffort {
		added = append(slices.Clip(added), corev1.Toleration{
			Key: corev1.TaintNodeMemoryPressure, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule})
	}
	pod.Spec.Tolerations = admission.MergeTolerations(pod.Spec.Tolerations, added)
	return nil
}

// validate returns plain errors, which are answered with 500 as by kube-apiserver.
func (p *plugin) validate(ctx context.Context, a admission.Attributes, pod *corev1.Pod) error {
	allowed, found, err := p.annotated(ctx, a, whitelist)
	if err != nil {
		return err
	}
	of := "namespace"
	if !found {
		of, allowed = "cluster", p.cluster.Whitelist
	}
	if len(allowed) == 0 {
		return nil
	}
	for _, toleration := range pod.Spec.Tolerations {
		if !slices.ContainsFunc(allowed, func(t corev1.Toleration) bool { return admission.Covers(t, toleration) }) {
			return errors.New("pod tolerations (possibly merged with namespace default tolerations) conflict with its " + of + " whitelist")
		}
	}
	return nil
}

// annotated returns the tolerations in an annotation of the namespace. The second
// result tells whether there is the annotation.
func (p *plugin) annotated(ctx context.Context, a admission.Attributes, key string) ([]corev1.Toleration, bool, error) {
	namespace, err := p.GetNamespace(ctx, a.GetNamespace())
	if err != nil {
		return nil, false, err
	}
	value, found := namespace.Annotations[key]
	if value == "" {
		return nil, found, nil
	}
	var tolerations []corev1.Toleration
	if err := json.Unmarshal([]byte(value), &tolerations); err != nil {
		return nil, found, err
	}
	return tolerations, found, nil
}
