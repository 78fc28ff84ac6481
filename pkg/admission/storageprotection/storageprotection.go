// Package storageprotection implements the admission plugin
// StorageObjectInUseProtection. It gives new claims, volumes and volume attributes
// classes a finalizer. A controller removes the finalizer of a deleted object when
// nothing uses the object any more.
package storageprotection

import (
	"io"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// The finalizers, by which the controllers find the objects that they protect.
const (
	claimFinalizer  = "kubernetes.io/pvc-protection"
	volumeFinalizer = "kubernetes.io/pv-protection"
	classFinalizer  = "kubernetes.io/vac-protection"
)

// Plugin returns the entry for the list of plugins.
func Plugin() admission.Plugin {
	return admission.Plugin{Name: "StorageObjectInUseProtection", New: func(io.Reader) (admission.Interface, error) {
		return admission.Mutate(
			admission.On(corev1.Resource("persistentvolumeclaims"), admission.Hooks[*corev1.PersistentVolumeClaim]{
				Create: admission.AddFinalizer[*corev1.PersistentVolumeClaim](claimFinalizer)}),
			admission.On(corev1.Resource("persistentvolumes"), admission.Hooks[*corev1.PersistentVolume]{
				Create: admission.AddFinalizer[*corev1.PersistentVolume](volumeFinalizer)}),
			admission.On(storagev1.Resource("volumeattributesclasses"), admission.Hooks[*storagev1.VolumeAttributesClass]{
				Create: admission.AddFinalizer[*storagev1.VolumeAttributesClass](classFinalizer)}),
		), nil
	}}
}
