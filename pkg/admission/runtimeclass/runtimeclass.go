// Package runtimeclass implements the admission plugin RuntimeClass. It gives new
// pods the overhead and the scheduling constraints of their runtime class (KEP-688).
package runtimeclass

import (
	"context"
	"io"

	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission/initializer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	nodelisters "k8s.io/client-go/listers/node/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// Plugin returns the entry for the list of plugins.
func Plugin() admission.Plugin {
	return admission.Plugin{Name: "RuntimeClass",
		Needs: []schema.GroupVersionResource{nodev1.SchemeGroupVersion.WithResource("runtimeclasses")},
		New:   func(io.Reader) (admission.Interface, error) { return newPlugin(), nil }}
}

type plugin struct {
	*admission.MutatingAndValidating
	classes nodelisters.RuntimeClassLister
	client  kubernetes.Interface
}

var (
	_ initializer.WantsExternalKubeInformerFactory = (*plugin)(nil)
	_ initializer.WantsExternalKubeClientSet       = (*plugin)(nil)
)

func newPlugin() *plugin {
	p := &plugin{}
	p.MutatingAndValidating = admission.MutateAndValidate(
		[]admission.Rule{admission.On(corev1.Resource("pods"), admission.Hooks[*corev1.Pod]{Create: p.apply})},
		[]admission.Rule{admission.On(corev1.Resource("pods"), admission.Hooks[*corev1.Pod]{Create: p.checkOverhead})})
	return p
}

// SetExternalKubeInformerFactory implements initializer.WantsExternalKubeInformerFactory.
func (p *plugin) SetExternalKubeInformerFactory(f informers.SharedInformerFactory) {
	informer := f.Node().V1().RuntimeClasses()
	p.classes = informer.Lister()
	p.WaitFor(informer.Informer())
}

// SetExternalKubeClientSet implements initializer.WantsExternalKubeClientSet.
func (p *plugin) SetExternalKubeClientSet(client kubernetes.Interface) { p.client = client }

// classOf returns the class of a pod, or nil if it names none. A class that the
// informer does not have yet is read from the server.
func (p *plugin) classOf(ctx context.Context, a admission.Attributes, pod *corev1.Pod) (*nodev1.RuntimeClass, error) {
	if pod.Spec.RuntimeClassName == nil {
		return nil, nil
	}
	name := *pod.Spec.RuntimeClassName
	class, err := p.classes.Get(name)
	if apierrors.IsNotFound(err) {
		class, err = p.client.NodeV1().RuntimeClasses().Get(ctx, name, metav1.GetOptions{})
	}
	if apierrors.IsNotFound(err) {
		return nil, admission.Forbidden(a, "pod rejected: RuntimeClass %q not found", name)
	}
	return class, err
}

func (p *plugin) apply(ctx context.Context, a admission.Attributes, pod *corev1.Pod) error {
	class, err := p.classOf(ctx, a, pod)
	if err != nil || class == nil {
		return err
	}
	if class.Overhead != nil {
		if pod.Spec.Overhead != nil && !apiequality.Semantic.DeepEqual(pod.Spec.Overhead, class.Overhead.PodFixed) {
			return overheadDiffers(a)
		}
		pod.Spec.Overhead = class.Overhead.DeepCopy().PodFixed
	}
	if class.Scheduling == nil {
		return nil
	}
	return schedule(a, pod, class.Scheduling)
}

// schedule adds node selector and tolerations of a class to those of the pod.
func schedule(a admission.Attributes, pod *corev1.Pod, scheduling *nodev1.Scheduling) error {
	for key, value := range scheduling.NodeSelector {
		if have, ok := pod.Spec.NodeSelector[key]; ok && have != value {
			return admission.Forbidden(a, "conflict: runtimeClass.scheduling.nodeSelector[%s] = %s; pod.spec.nodeSelector[%[1]s] = %[3]s", key, value, have)
		}
		if pod.Spec.NodeSelector == nil {
			pod.Spec.NodeSelector = map[string]string{}
		}
		pod.Spec.NodeSelector[key] = value
	}
	pod.Spec.Tolerations = admission.MergeTolerations(pod.Spec.Tolerations, scheduling.DeepCopy().Tolerations)
	return nil
}

// checkOverhead refuses an overhead that is not that of the class, also an empty
// one without a class.
func (p *plugin) checkOverhead(ctx context.Context, a admission.Attributes, pod *corev1.Pod) error {
	class, err := p.classOf(ctx, a, pod)
	if err != nil {
		return err
	}
	if class == nil || class.Overhead == nil {
		if pod.Spec.Overhead != nil {
			return admission.Forbidden(a, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead")
		}
		return nil
	}
	if !apiequality.Semantic.DeepEqual(pod.Spec.Overhead, class.Overhead.PodFixed) {
		return overheadDiffers(a)
	}
	return nil
}

func overheadDiffers(a admission.Attributes) error {
	return admission.Forbidden(a, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
}
