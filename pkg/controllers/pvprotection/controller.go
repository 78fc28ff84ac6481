// Package pvprotection implements the controller of the finalizer that protects
// persistent volumes: a volume that is bound to a claim is deleted only when it is
// not bound any more. The admission plugin StorageObjectInUseProtection adds the
// finalizer; the controller adds it where it is missing and removes it.
package pvprotection

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	corelisters "k8s.io/client-go/listers/core/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
)

// Name is the name of the controller in kube-controller-manager.
const Name = "persistentvolume-protection-controller"

// finalizer keeps a volume.
const finalizer = "kubernetes.io/pv-protection"

// Controller returns the entry for the list of controllers.
func Controller() controllers.Controller {
	return controllers.Controller{
		Name:  Name,
		Alias: "pv-protection",
		Needs: []schema.GroupVersionResource{corev1.SchemeGroupVersion.WithResource("persistentvolumes")},
		New: func(d controllers.Deps) *controllers.Loop {
			volumes := d.Informers.Core().V1().PersistentVolumes()
			c := &controller{client: d.Client.CoreV1(), volumes: volumes.Lister()}
			return &controllers.Loop{
				Watches: []controllers.Watch{controllers.On(volumes.Informer(), wrong)},
				Sync:    c.sync,
			}
		},
	}
}

type controller struct {
	client  typedcorev1.PersistentVolumesGetter
	volumes corelisters.PersistentVolumeLister
}

// wrong returns the name of a volume whose finalizer has to be added or removed.
func wrong(volume *corev1.PersistentVolume) []string {
	keep := volume.DeletionTimestamp == nil || volume.Status.Phase == corev1.VolumeBound
	switch has := slices.Contains(volume.Finalizers, finalizer); {
	case has && !keep, !has && volume.DeletionTimestamp == nil:
		return []string{volume.Name}
	}
	return nil
}

// sync adds or removes the finalizer of a volume.
func (c *controller) sync(ctx context.Context, name string) error {
	volume, err := c.volumes.Get(name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil || len(wrong(volume)) == 0 {
		return err
	}
	volume = volume.DeepCopy()
	if i := slices.Index(volume.Finalizers, finalizer); i >= 0 {
		volume.Finalizers = slices.Delete(volume.Finalizers, i, i+1)
	} else {
		volume.Finalizers = append(volume.Finalizers, finalizer)
	}
	_, err = c.client.PersistentVolumes().Update(ctx, volume, metav1.UpdateOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
