package admission

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
)

// Namespaces finds namespaces for a plugin that embeds it. The server sets the
// client; Follow must be called with the informers.
type Namespaces struct {
	lister corelisters.NamespaceLister
	client kubernetes.Interface
}

// SetExternalKubeClientSet implements initializer.WantsExternalKubeClientSet.
func (n *Namespaces) SetExternalKubeClientSet(client kubernetes.Interface) { n.client = client }

// Follow takes the namespaces from the informer that it returns.
func (n *Namespaces) Follow(f informers.SharedInformerFactory) cache.SharedInformer {
	informer := f.Core().V1().Namespaces()
	n.lister = informer.Lister()
	return informer.Informer()
}

// GetNamespace returns a namespace. One that the informer does not know may be
// new: the server is asked for it.
func (n *Namespaces) GetNamespace(ctx context.Context, name string) (*corev1.Namespace, error) {
	namespace, err := n.lister.Get(name)
	if apierrors.IsNotFound(err) {
		return n.client.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
	}
	return namespace, err
}
