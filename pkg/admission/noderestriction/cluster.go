package noderestriction

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"
)

// cluster reads objects from the server. Where one does not exist, the error calls
// its resource in the singular, as kube-apiserver does.
type cluster struct{ client kubernetes.Interface }

func (c cluster) pod(ctx context.Context, namespace, name string) (*corev1.Pod, error) {
	return get(ctx, corev1.Resource("pod"), name, c.client.CoreV1().Pods(namespace).Get)
}

func (c cluster) node(ctx context.Context, name string) (*corev1.Node, error) {
	return get(ctx, corev1.Resource("node"), name, c.client.CoreV1().Nodes().Get)
}

func (c cluster) account(ctx context.Context, namespace, name string) (*corev1.ServiceAccount, error) {
	return get(ctx, corev1.Resource("serviceaccount"), name, c.client.CoreV1().ServiceAccounts(namespace).Get)
}

func (c cluster) claim(ctx context.Context, namespace, name string) (*corev1.PersistentVolumeClaim, error) {
	return get(ctx, corev1.Resource("persistentvolumeclaim"), name, c.client.CoreV1().PersistentVolumeClaims(namespace).Get)
}

func (c cluster) volume(ctx context.Context, name string) (*corev1.PersistentVolume, error) {
	return get(ctx, corev1.Resource("persistentvolume"), name, c.client.CoreV1().PersistentVolumes().Get)
}

func (c cluster) driver(ctx context.Context, name string) (*storagev1.CSIDriver, error) {
	return get(ctx, storagev1.Resource("csidriver"), name, c.client.StorageV1().CSIDrivers().Get)
}

func get[T any](ctx context.Context, singular schema.GroupResource, name string,
	read func(context.Context, string, metav1.GetOptions) (T, error)) (obj T, err error) {
	if name == "" {
		return obj, apierrors.NewNotFound(singular, name)
	}
	obj, err = read(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		err = apierrors.NewNotFound(singular, name)
	}
	return obj, err
}
