// Package defaultstorageclass implements the admission plugin DefaultStorageClass.
// It sets the storage class of new claims that name none.
package defaultstorageclass

import (
	"context"
	"io"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission/initializer"
	"k8s.io/client-go/informers"
	storagelisters "k8s.io/client-go/listers/storage/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// The annotations that mark a class as the default, today's and the one before it.
const (
	isDefault     = "storageclass.kubernetes.io/is-default-class"
	isDefaultBeta = "storageclass.beta.kubernetes.io/is-default-class"
)

// Plugin returns the entry for the list of plugins.
func Plugin() admission.Plugin {
	return admission.Plugin{Name: "DefaultStorageClass",
		Needs: []schema.GroupVersionResource{storagev1.SchemeGroupVersion.WithResource("storageclasses")},
		New:   func(io.Reader) (admission.Interface, error) { return newPlugin(), nil }}
}

type plugin struct {
	*admission.Mutating
	classes storagelisters.StorageClassLister
}

var _ initializer.WantsExternalKubeInformerFactory = (*plugin)(nil)

func newPlugin() *plugin {
	p := &plugin{}
	p.Mutating = admission.Mutate(admission.On(corev1.Resource("persistentvolumeclaims"), admission.Hooks[*corev1.PersistentVolumeClaim]{Create: p.setClass}))
	return p
}

// SetExternalKubeInformerFactory implements initializer.WantsExternalKubeInformerFactory.
func (p *plugin) SetExternalKubeInformerFactory(f informers.SharedInformerFactory) {
	informer := f.Storage().V1().StorageClasses()
	p.classes = informer.Lister()
	p.WaitFor(informer.Informer())
}

// setClass leaves claims alone that name a class, also the class "", which is for
// claims that only fit volumes without a class.
func (p *plugin) setClass(_ context.Context, a admission.Attributes, claim *corev1.PersistentVolumeClaim) error {
	if _, named := claim.Annotations[corev1.BetaStorageClassAnnotation]; named || claim.Spec.StorageClassName != nil {
		return nil
	}
	classes, err := p.classes.List(labels.Everything())
	if err != nil {
		return admission.Forbidden(a, "%w", err)
	}
	if class, ok := admission.DefaultClass(classes, admission.Annotated[*storagev1.StorageClass](isDefault, isDefaultBeta)); ok {
		claim.Spec.StorageClassName = &class.Name
	}
	return nil
}
