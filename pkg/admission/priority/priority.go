// Package priority is the Priority admission plugin: it gives a pod the number
// and the preemption policy of its priority class, and lets only one class be
// the default.
package priority

import (
	"context"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/initializer"
	"k8s.io/client-go/informers"
	schedulinglisters "k8s.io/client-go/listers/scheduling/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/scheduling/priorityclass"
)

// PluginName is kube-apiserver's name of the plugin.
const PluginName = "Priority"

// defaultPriority is that of pods when no class is the default.
const defaultPriority = int32(0)

// Register makes the plugin known.
func Register(plugins *admission.Plugins) {
	plugins.Register(PluginName, func(io.Reader) (admission.Interface, error) {
		return &plugin{Handler: admission.NewHandler(admission.Create, admission.Update, admission.Delete)}, nil
	})
}

type plugin struct {
	*admission.Handler
	classes schedulinglisters.PriorityClassLister
}

var (
	_ admission.MutationInterface                  = (*plugin)(nil)
	_ admission.ValidationInterface                = (*plugin)(nil)
	_ initializer.WantsExternalKubeInformerFactory = (*plugin)(nil)

	podResource   = corev1.SchemeGroupVersion.WithResource("pods").GroupResource()
	classResource = schedulingv1.SchemeGroupVersion.WithResource("priorityclasses").GroupResource()
)

// SetExternalKubeInformerFactory implements initializer.WantsExternalKubeInformerFactory.
func (p *plugin) SetExternalKubeInformerFactory(f informers.SharedInformerFactory) {
	informer := f.Scheduling().V1().PriorityClasses()
	p.classes = informer.Lister()
	p.SetReadyFunc(informer.Informer().HasSynced)
}

// ValidateInitialization implements admission.InitializationValidator.
func (p *plugin) ValidateInitialization() error {
	if p.classes == nil {
		return fmt.Errorf("%s plugin needs a lister of priority classes", PluginName)
	}
	return nil
}

// Admit implements admission.MutationInterface for pods.
func (p *plugin) Admit(_ context.Context, a admission.Attributes, _ admission.ObjectInterfaces) error {
	if a.GetSubresource() != "" || a.GetResource().GroupResource() != podResource {
		return nil
	}
	pod, ok := a.GetObject().(*corev1.Pod)
	if !ok {
		return nil
	}
	if !p.WaitForReady() {
		return admission.NewForbidden(a, fmt.Errorf("not yet ready to handle request"))
	}
	switch a.GetOperation() {
	case admission.Create:
		return p.admitPod(a, pod)
	case admission.Update:
		// What is left out on an update has not changed.
		if old, ok := a.GetOldObject().(*corev1.Pod); ok {
			if pod.Spec.Priority == nil {
				pod.Spec.Priority = old.Spec.Priority
			}
			if pod.Spec.PreemptionPolicy == nil {
				pod.Spec.PreemptionPolicy = old.Spec.PreemptionPolicy
			}
		}
	}
	return nil
}

func (p *plugin) admitPod(a admission.Attributes, pod *corev1.Pod) error {
	class, err := p.classOf(pod)
	if err != nil {
		if apierrors.IsNotFound(err) {
			return admission.NewForbidden(a, fmt.Errorf("no PriorityClass with name %v was found", pod.Spec.PriorityClassName))
		}
		return err
	}
	pod.Spec.PriorityClassName = class.Name
	if have := pod.Spec.Priority; have != nil && *have != class.Value {
		return admission.NewForbidden(a, fmt.Errorf("the integer value of priority (%d) must not be provided in pod spec; priority admission controller computed %d from the given PriorityClass name", *have, class.Value))
	}
	pod.Spec.Priority = &class.Value
	policy := corev1.PreemptLowerPriority
	if class.PreemptionPolicy != nil {
		policy = *class.PreemptionPolicy
	}
	if have := pod.Spec.PreemptionPolicy; have != nil && *have != policy {
		return admission.NewForbidden(a, fmt.Errorf("the string value of PreemptionPolicy (%s) must not be provided in pod spec; priority admission controller computed %s from the given PriorityClass name", *have, policy))
	}
	pod.Spec.PreemptionPolicy = &policy
	return nil
}

// classOf returns the class that the pod names, or the default one, or one
// without a name when there is none. The result may be changed.
func (p *plugin) classOf(pod *corev1.Pod) (*schedulingv1.PriorityClass, error) {
	if pod.Spec.PriorityClassName != "" {
		class, err := p.classes.Get(pod.Spec.PriorityClassName)
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

// defaultClass returns the default class; of several, which can only come
// from concurrent writes, the one with the lowest value.
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

// Validate implements admission.ValidationInterface for priority classes.
func (p *plugin) Validate(_ context.Context, a admission.Attributes, _ admission.ObjectInterfaces) error {
	if a.GetSubresource() != "" || a.GetResource().GroupResource() != classResource {
		return nil
	}
	if a.GetOperation() == admission.Delete {
		return forbidSystem(a)
	}
	class, ok := a.GetObject().(*schedulingv1.PriorityClass)
	if !ok || !class.GlobalDefault {
		return nil
	}
	if !p.WaitForReady() {
		return admission.NewForbidden(a, fmt.Errorf("not yet ready to handle request"))
	}
	existing, err := p.defaultClass()
	if err != nil {
		return fmt.Errorf("failed to get default priority class: %w", err)
	}
	if existing != nil && (a.GetOperation() == admission.Create || existing.Name != class.Name) {
		return admission.NewForbidden(a, fmt.Errorf("PriorityClass %v is already marked as default. Only one default can exist", existing.Name))
	}
	return nil
}

// forbidSystem keeps the system's classes from being deleted.
func forbidSystem(a admission.Attributes) error {
	for _, system := range priorityclass.System() {
		if system.Name == a.GetName() {
			return apierrors.NewForbidden(schema.GroupResource{Group: classResource.Group, Resource: classResource.Resource}, a.GetName(),
				fmt.Errorf("this is a system priority class and cannot be deleted"))
		}
	}
	return nil
}
