// Package defaultingressclass implements the admission plugin DefaultIngressClass.
// It sets the class of new ingresses that name none.
package defaultingressclass

import (
	"context"
	"io"

	networkingv1 "k8s.io/api/networking/v1"
	networkingv1beta1 "k8s.io/api/networking/v1beta1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission/initializer"
	"k8s.io/client-go/informers"
	networkinglisters "k8s.io/client-go/listers/networking/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// Plugin returns the entry for the list of plugins.
func Plugin() admission.Plugin {
	return admission.Plugin{Name: "DefaultIngressClass",
		Needs: []schema.GroupVersionResource{networkingv1.SchemeGroupVersion.WithResource("ingressclasses")},
		New:   func(io.Reader) (admission.Interface, error) { return newPlugin(), nil }}
}

type plugin struct {
	*admission.Mutating
	classes networkinglisters.IngressClassLister
}

var _ initializer.WantsExternalKubeInformerFactory = (*plugin)(nil)

func newPlugin() *plugin {
	p := &plugin{}
	p.Mutating = admission.Mutate(admission.On(networkingv1.Resource("ingresses"), admission.Hooks[*networkingv1.Ingress]{Create: p.setClass}))
	return p
}

// SetExternalKubeInformerFactory implements initializer.WantsExternalKubeInformerFactory.
func (p *plugin) SetExternalKubeInformerFactory(f informers.SharedInformerFactory) {
	informer := f.Networking().V1().IngressClasses()
	p.classes = informer.Lister()
	p.WaitFor(informer.Informer())
}

// setClass leaves ingresses alone that name a class, also by the annotation that
// was for it before there were classes.
func (p *plugin) setClass(_ context.Context, a admission.Attributes, ingress *networkingv1.Ingress) error {
	if _, named := ingress.Annotations[networkingv1beta1.AnnotationIngressClass]; named || ingress.Spec.IngressClassName != nil {
		return nil
	}
	classes, err := p.classes.List(labels.Everything())
	if err != nil {
		return admission.Forbidden(a, "%w", err)
	}
	if class, ok := admission.DefaultClass(classes, admission.Annotated[*networkingv1.IngressClass](networkingv1.AnnotationIsDefaultIngressClass)); ok {
		ingress.Spec.IngressClassName = &class.Name
	}
	return nil
}
