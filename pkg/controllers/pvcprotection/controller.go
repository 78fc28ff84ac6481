// Package pvcprotection implements the controller of the finalizer that protects
// claims of persistent volumes: a claim is deleted only when no pod uses it any more.
// The admission plugin StorageObjectInUseProtection adds the finalizer; the controller
// adds it where it is missing and removes it.
package pvcprotection

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
)

// Name is the name of the controller in kube-controller-manager.
const Name = "persistentvolumeclaim-protection-controller"

// finalizer keeps a claim.
const finalizer = "kubernetes.io/pvc-protection"

// Controller returns the entry for the list of controllers.
func Controller() controllers.Controller {
	return controllers.Controller{
		Name:  Name,
		Alias: "pvc-protection",
		Needs: []schema.GroupVersionResource{
			corev1.SchemeGroupVersion.WithResource("persistentvolumeclaims"), corev1.SchemeGroupVersion.WithResource("pods")},
		New: func(d controllers.Deps) *controllers.Loop {
			claims, pods := d.Informers.Core().V1().PersistentVolumeClaims(), d.Informers.Core().V1().Pods()
			c := &controller{client: d.Client.CoreV1(), claims: claims.Lister(), pods: pods.Lister()}
			return &controllers.Loop{
				Watches: []controllers.Watch{controllers.On(claims.Informer(), wrong), controllers.On(pods.Informer(), c.given)},
				Sync:    c.sync,
			}
		},
	}
}

type controller struct {
	client typedcorev1.CoreV1Interface
	claims corelisters.PersistentVolumeClaimLister
	pods   corelisters.PodLister
}

// wrong returns the key of a claim whose finalizer has to be added, or removed when no
// pod uses the claim.
func wrong(claim *corev1.PersistentVolumeClaim) []string {
	if has := slices.Contains(claim.Finalizers, finalizer); has == (claim.DeletionTimestamp != nil) {
		return controllers.Self(claim)
	}
	return nil
}

// given returns the keys of the claims of a pod that are being deleted.
func (c *controller) given(pod *corev1.Pod) (keys []string) {
	for i := range pod.Spec.Volumes {
		name := claimName(pod, &pod.Spec.Volumes[i])
		if name == "" {
			continue
		}
		if claim, err := c.claims.PersistentVolumeClaims(pod.Namespace).Get(name); err == nil && claim.DeletionTimestamp != nil {
			keys = append(keys, controllers.Self(claim)...)
		}
	}
	return keys
}

// claimName returns the name of the claim of a volume, or nothing. That of an ephemeral
// volume is made of the names of the pod and of the volume.
func claimName(pod *corev1.Pod, volume *corev1.Volume) string {
	switch {
	case volume.PersistentVolumeClaim != nil:
		return volume.PersistentVolumeClaim.ClaimName
	case volume.Ephemeral != nil:
		return pod.Name + "-" + volume.Name
	}
	return ""
}

// uses reports whether a pod still needs a claim. A pod without a node does not: once
// the claim is being deleted, it is not assigned to one. A claim with the name of an
// ephemeral volume is not used if it is not that of the pod.
func uses(pod *corev1.Pod, claim *corev1.PersistentVolumeClaim) bool {
	return pod.Spec.NodeName != "" && slices.ContainsFunc(pod.Spec.Volumes, func(v corev1.Volume) bool {
		return claimName(pod, &v) == claim.Name && (v.Ephemeral == nil || metav1.IsControlledBy(claim, pod))
	})
}

// sync adds the finalizer of a claim, or removes it if no pod uses the claim.
func (c *controller) sync(ctx context.Context, key string) error {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return err
	}
	claim, err := c.claims.PersistentVolumeClaims(namespace).Get(name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil || len(wrong(claim)) == 0 {
		return err
	}
	claim = claim.DeepCopy()
	if i := slices.Index(claim.Finalizers, finalizer); i < 0 {
		claim.Finalizers = append(claim.Finalizers, finalizer)
	} else if used, err := c.used(ctx, claim); err != nil || used {
		return err
	} else {
		claim.Finalizers = slices.Delete(claim.Finalizers, i, i+1)
	}
	_, err = c.client.PersistentVolumeClaims(namespace).Update(ctx, claim, metav1.UpdateOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// used reports whether a pod uses a claim. If none is known, the server is asked,
// because a pod may have been created a moment ago.
func (c *controller) used(ctx context.Context, claim *corev1.PersistentVolumeClaim) (bool, error) {
	known, err := c.pods.Pods(claim.Namespace).List(labels.Everything())
	if err != nil || slices.ContainsFunc(known, func(pod *corev1.Pod) bool { return uses(pod, claim) }) {
		return err == nil, err
	}
	list, err := c.client.Pods(claim.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(list.Items, func(pod corev1.Pod) bool { return uses(&pod, claim) }), nil
}
