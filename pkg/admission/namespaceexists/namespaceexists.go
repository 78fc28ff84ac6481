// Package namespaceexists implements the admission plugin NamespaceExists. It
// refuses requests for objects in a namespace that does not exist, including those
// that are never stored.
package namespaceexists

import (
	"context"
	"io"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/admission/initializer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// Plugin returns the entry for the list of plugins.
func Plugin() admission.Plugin {
	return admission.Plugin{Name: "NamespaceExists", Off: true, New: func(io.Reader) (admission.Interface, error) { return newPlugin(), nil }}
}

type plugin struct {
	*admission.Validating
	namespaces corelisters.NamespaceLister
	client     kubernetes.Interface
}

var (
	_ initializer.WantsExternalKubeInformerFactory = (*plugin)(nil)
	_ initializer.WantsExternalKubeClientSet       = (*plugin)(nil)
)

func newPlugin() *plugin {
	p := &plugin{}
	p.Validating = admission.Validate(admission.OnAll(p.validate, admission.Create, admission.Update, admission.Delete))
	return p
}

// SetExternalKubeInformerFactory implements initializer.WantsExternalKubeInformerFactory.
func (p *plugin) SetExternalKubeInformerFactory(f informers.SharedInformerFactory) {
	informer := f.Core().V1().Namespaces()
	p.namespaces = informer.Lister()
	p.WaitFor(informer.Informer())
}

// SetExternalKubeClientSet implements initializer.WantsExternalKubeClientSet.
func (p *plugin) SetExternalKubeClientSet(client kubernetes.Interface) { p.client = client }

// validate asks the server for a namespace that is not in the cache: it may be new.
func (p *plugin) validate(ctx context.Context, a admission.Attributes) error {
	if a.GetNamespace() == "" || a.GetKind().GroupKind() == corev1.SchemeGroupVersion.WithKind("Namespace").GroupKind() {
		return nil
	}
	_, err := p.namespaces.Get(a.GetNamespace())
	if apierrors.IsNotFound(err) {
		_, err = p.client.CoreV1().Namespaces().Get(ctx, a.GetNamespace(), metav1.GetOptions{})
	}
	return err
}
