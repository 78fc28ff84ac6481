// Package rootca implements the controller that gives each namespace the config map
// kube-root-ca.crt, with which pods verify the server.
package rootca

import (
	"context"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	corelisters "k8s.io/client-go/listers/core/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
)

// Name is the name of the controller in kube-controller-manager.
const Name = "root-ca-certificate-publisher-controller"

const (
	// configMap is the name of the config map.
	configMap = "kube-root-ca.crt"
	// annotation describes the config map.
	annotation  = "kubernetes.io/description"
	description = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP " +
		"or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters."
)

// Controller returns the entry for the list of controllers.
func Controller() controllers.Controller {
	return controllers.Controller{
		Name:  Name,
		Alias: "root-ca-cert-publisher",
		Needs: []schema.GroupVersionResource{
			corev1.SchemeGroupVersion.WithResource("namespaces"), corev1.SchemeGroupVersion.WithResource("configmaps")},
		New: func(d controllers.Deps) *controllers.Loop {
			namespaces, maps := d.Informers.Core().V1().Namespaces(), d.Informers.Core().V1().ConfigMaps()
			p := &publisher{client: d.Client.CoreV1(), namespaces: namespaces.Lister(), maps: maps.Lister(), ca: d.RootCA}
			return &controllers.Loop{
				Watches: []controllers.Watch{
					controllers.On(namespaces.Informer(), controllers.Self[*corev1.Namespace]),
					controllers.On(maps.Informer(), namespaceOf),
				},
				Sync: p.sync,
			}
		},
	}
}

type publisher struct {
	client     typedcorev1.ConfigMapsGetter
	namespaces corelisters.NamespaceLister
	maps       corelisters.ConfigMapLister
	ca         func() ([]byte, error)
}

// namespaceOf returns the namespace of a config map that this controller publishes.
func namespaceOf(m *corev1.ConfigMap) []string {
	if m.Name != configMap {
		return nil
	}
	return []string{m.Namespace}
}

// sync creates the config map of a namespace, or makes its data right. An annotation
// that someone has changed stays as it is, unless the data has to be written.
func (p *publisher) sync(ctx context.Context, name string) error {
	namespace, err := p.namespaces.Get(name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil || namespace.Status.Phase != corev1.NamespaceActive {
		return err
	}
	ca, err := p.ca()
	if err != nil {
		return fmt.Errorf("reading the CA: %w", err)
	}
	data := map[string]string{corev1.ServiceAccountRootCAKey: string(ca)}
	published, err := p.maps.ConfigMaps(name).Get(configMap)
	switch {
	case apierrors.IsNotFound(err):
		m := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: configMap, Annotations: map[string]string{annotation: description}}, Data: data}
		_, err = p.client.ConfigMaps(name).Create(ctx, m, metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) || apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
			return nil // its events tell the rest
		}
		return err
	case err != nil || maps.Equal(published.Data, data):
		return err
	}
	changed := published.DeepCopy()
	changed.Data = data
	metav1.SetMetaDataAnnotation(&changed.ObjectMeta, annotation, description)
	_, err = p.client.ConfigMaps(name).Update(ctx, changed, metav1.UpdateOptions{})
	return err
}
