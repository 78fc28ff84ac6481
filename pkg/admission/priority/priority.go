// Package priority implements the admission plugin Priority. It sets the
// priority and the preemption policy of a pod, a pod group or a composite pod group
// from its priority class. It also prevents a second priority class from becoming
// the default.
package priority

import (
	"context"
	"fmt"
	"io"
	"slices"

	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	schedulingv1alpha3 "k8s.io/api/scheduling/v1alpha3"
	schedulingv1beta1 "k8s.io/api/scheduling/v1beta1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission/initializer"
	"k8s.io/client-go/informers"
	schedulinglisters "k8s.io/client-go/listers/scheduling/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/scheduling/priorityclass"
)

// defaultPriority is the priority of pods if no class is the default.
const defaultPriority = int32(0)

// Plugin returns the entry for the list of plugins.
func Plugin() admission.Plugin {
	return admission.Plugin{Name: "Priority",
		Needs: []schema.GroupVersionResource{schedulingv1.SchemeGroupVersion.WithResource("priorityclasses")},
		New:   func(io.Reader) (admission.Interface, error) { return newPlugin(), nil }}
}

type plugin struct {
	*admission.MutatingAndValidating
	classes schedulinglisters.PriorityClassLister
}

var _ initializer.WantsExternalKubeInformerFactory = (*plugin)(nil)

func newPlugin() *plugin {
	p := &plugin{}
	p.MutatingAndValidating = admission.MutateAndValidate(
		[]admission.Rule{
			admission.On(corev1.Resource("pods"), admission.Hooks[*corev1.Pod]{Create: p.setPriority, Update: keepPriority}),
			admission.On(schedulingv1beta1.Resource("podgroups"), admission.Hooks[*schedulingv1beta1.PodGroup]{Create: p.setGroup}),
			admission.On(schedulingv1alpha3.Resource("compositepodgroups"),
				admission.Hooks[*schedulingv1alpha3.CompositePodGroup]{Create: p.setComposite})},
		[]admission.Rule{admission.On(schedulingv1.Resource("priorityclasses"), admission.Hooks[*schedulingv1.PriorityClass]{
			Create: p.validateNew, Update: p.validateChanged, Delete: keepSystem})})
	return p
}

// SetExternalKubeInformerFactory implements initializer.WantsExternalKubeInformerFactory.
func (p *plugin) SetExternalKubeInformerFactory(f informers.SharedInformerFactory) {
	informer := f.Scheduling().V1().PriorityClasses()
	p.classes = informer.Lister()
	p.WaitFor(informer.Informer())
}

// keepPriority copies the fields that an update omits from the old pod.
func keepPriority(_ context.Context, _ admission.Attributes, pod, old *corev1.Pod) error {
	if pod.Spec.Priority == nil {
		pod.Spec.Priority = old.Spec.Priority
	}
	if pod.Spec.PreemptionPolicy == nil {
		pod.Spec.PreemptionPolicy = old.Spec.PreemptionPolicy
	}
	return nil
}

func (p *plugin) setPriority(_ context.Context, a admission.Attributes, pod *corev1.Pod) error {
	class, err := p.classOf(pod.Spec.PriorityClassName)
	if apierrors.IsNotFound(err) {
		return admission.Forbidden(a, "no PriorityClass with name %v was found", pod.Spec.PriorityClassName)
	}
	if err != nil {
		return err
	}
	pod.Spec.PriorityClassName = class.Name
	if have := pod.Spec.Priority; have != nil && *have != class.Value {
		return admission.Forbidden(a, "the integer value of priority (%d) must not be provided in pod spec; "+
			"priority admission controller computed %d from the given PriorityClass name", *have, class.Value)
	}
	pod.Spec.Priority = &class.Value
	policy := corev1.PreemptLowerPriority
	if class.PreemptionPolicy != nil {
		policy = *class.PreemptionPolicy
	}
	if have := pod.Spec.PreemptionPolicy; have != nil && *have != policy {
		return admission.Forbidden(a, "the string value of PreemptionPolicy (%s) must not be provided in pod spec; "+
			"priority admission controller computed %s from the given PriorityClass name", *have, policy)
	}
	pod.Spec.PreemptionPolicy = &policy
	return nil
}

// classOf returns the class with a name, or the default class if the name is empty.
// If there is no default class, it returns a class without a name. The caller may change
// the result.
func (p *plugin) classOf(name string) (*schedulingv1.PriorityClass, error) {
	if name != "" {
		class, err := p.classes.Get(name)
		if err != nil {
			return nil, err
		}
		return class.DeepCopy(), nil
	}
	class, err := p.defaultClass()
	if err != nil || class != nil {
		return class.DeepCopy(), err
	}
	return &schedulingv1.PriorityClass{Value: defaultPriority}, nil
}

// defaultClass returns the default class. If there are several, which can only
// result from concurrent writes, it returns the one with the lowest value.
func (p *plugin) defaultClass() (*schedulingv1.PriorityClass, error) {
	classes, err := p.classes.List(labels.Everything())
	if err != nil {
		return nil, err
	}
	var found *schedulingv1.PriorityClass
	for _, class := range classes {
		if class.GlobalDefault && (found == nil || class.Value < found.Value) {
			found = class
		}
	}
	return found, nil
}

func (p *plugin) validateNew(_ context.Context, a admission.Attributes, class *schedulingv1.PriorityClass) error {
	return p.onlyDefault(a, class, true)
}

func (p *plugin) validateChanged(_ context.Context, a admission.Attributes, class, _ *schedulingv1.PriorityClass) error {
	return p.onlyDefault(a, class, false)
}

// onlyDefault refuses a default class if there is another one.
func (p *plugin) onlyDefault(a admission.Attributes, class *schedulingv1.PriorityClass, isNew bool) error {
	if !class.GlobalDefault {
		return nil
	}
	existing, err := p.defaultClass()
	if err != nil {
		return fmt.Errorf("failed to get default priority class: %w", err)
	}
	if existing != nil && (isNew || existing.Name != class.Name) {
		return admission.Forbidden(a, "PriorityClass %v is already marked as default. Only one default can exist", existing.Name)
	}
	return nil
}

// keepSystem refuses to delete a system class by name. As in kube-apiserver,
// system classes can still be deleted together with the whole collection; the
// next start creates them again.
func keepSystem(_ context.Context, a admission.Attributes, _ *schedulingv1.PriorityClass) error {
	if slices.ContainsFunc(priorityclass.System(), func(system *schedulingv1.PriorityClass) bool { return system.Name == a.GetName() }) {
		return admission.Forbidden(a, "this is a system priority class and cannot be deleted")
	}
	return nil
}
