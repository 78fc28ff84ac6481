// Package namespaceexists implements the admission plugin NamespaceExists. It
// refuses requests for objects in a namespace that does not exist, including those
// that are never stored.
package namespaceexists

import (
	"context"
	"io"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apiserver/pkg/admission/initializer"
	"k8s.io/client-go/informers"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// Plugin returns the entry for the list of plugins.
func Plugin() admission.Plugin {
	return admission.Plugin{Name: "NamespaceExists", Off: true, New: func(io.Reader) (admission.Interface, error) { return newPlugin(), nil }}
}

type plugin struct {
	*admission.Validating
	admission.Namespaces
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
	p.WaitFor(p.Follow(f))
}

func (p *plugin) validate(ctx context.Context, a admission.Attributes) error {
	if a.GetNamespace() == "" || a.GetKind().GroupKind() == corev1.SchemeGroupVersion.WithKind("Namespace").GroupKind() {
		return nil
	}
	_, err := p.GetNamespace(ctx, a.GetNamespace())
	return err
}
