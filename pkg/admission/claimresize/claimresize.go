// Package claimresize implements the admission plugin PersistentVolumeClaimResize.
// It lets claims grow only if their storage class allows it.
package claimresize

import (
	"context"
	"io"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission/initializer"
	"k8s.io/client-go/informers"
	storagelisters "k8s.io/client-go/listers/storage/v1"
	storagehelpers "k8s.io/component-helpers/storage/volume"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// Plugin returns the entry for the list of plugins.
func Plugin() admission.Plugin {
	return admission.Plugin{Name: "PersistentVolumeClaimResize",
		Needs: []schema.GroupVersionResource{storagev1.SchemeGroupVersion.WithResource("storageclasses")},
		New:   func(io.Reader) (admission.Interface, error) { return newPlugin(), nil }}
}

type plugin struct {
	*admission.Validating
	classes storagelisters.StorageClassLister
}

var _ initializer.WantsExternalKubeInformerFactory = (*plugin)(nil)

func newPlugin() *plugin {
	p := &plugin{}
	p.Validating = admission.Validate(admission.On(corev1.Resource("persistentvolumeclaims"),
		admission.Hooks[*corev1.PersistentVolumeClaim]{Update: p.validate}))
	return p
}

// SetExternalKubeInformerFactory implements initializer.WantsExternalKubeInformerFactory.
func (p *plugin) SetExternalKubeInformerFactory(f informers.SharedInformerFactory) {
	informer := f.Storage().V1().StorageClasses()
	p.classes = informer.Lister()
	p.WaitFor(informer.Informer())
}

func (p *plugin) validate(_ context.Context, a admission.Attributes, claim, old *corev1.PersistentVolumeClaim) error {
	if claim.Spec.Resources.Requests.Storage().Cmp(*old.Spec.Resources.Requests.Storage()) <= 0 || p.expandable(old) {
		return nil
	}
	return admission.Forbidden(a, "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize")
}

// expandable reports whether the class of a claim allows that it grows. A claim
// without a class was not provisioned dynamically.
func (p *plugin) expandable(claim *corev1.PersistentVolumeClaim) bool {
	class, err := p.classes.Get(storagehelpers.GetPersistentVolumeClaimClass(claim))
	return err == nil && class.AllowVolumeExpansion != nil && *class.AllowVolumeExpansion
}
