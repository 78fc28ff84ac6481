// Package namespaceautoprovision implements the admission plugin
// NamespaceAutoProvision. It creates the namespace of a new object if it does not
// exist.
package namespaceautoprovision

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
	return admission.Plugin{Name: "NamespaceAutoProvision", Off: true, New: func(io.Reader) (admission.Interface, error) { return newPlugin(), nil }}
}

type plugin struct {
	*admission.Mutating
	namespaces corelisters.NamespaceLister
	client     kubernetes.Interface
}

var (
	_ initializer.WantsExternalKubeInformerFactory = (*plugin)(nil)
	_ initializer.WantsExternalKubeClientSet       = (*plugin)(nil)
)

func newPlugin() *plugin {
	p := &plugin{}
	p.Mutating = admission.Mutate(admission.OnAll(p.provision, admission.Create))
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

// provision does nothing for a dry run, which must not change anything.
func (p *plugin) provision(ctx context.Context, a admission.Attributes) error {
	if a.IsDryRun() || a.GetNamespace() == "" || a.GetKind().GroupKind() == corev1.SchemeGroupVersion.WithKind("Namespace").GroupKind() {
		return nil
	}
	_, err := p.namespaces.Get(a.GetNamespace())
	if !apierrors.IsNotFound(err) {
		return err
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: a.GetNamespace()}}
	if _, err := p.client.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return admission.Forbidden(a, "%w", err)
	}
	return nil
}
