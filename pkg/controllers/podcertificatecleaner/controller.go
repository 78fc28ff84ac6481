// Package podcertificatecleaner implements the controller that deletes requests of
// kubelets for certificates of pods (KEP-4317) some time after they were made, whatever
// has become of them: the kubelet has taken the certificate by then, or asks again.
package podcertificatecleaner

import (
	"context"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	certificatesv1beta1 "k8s.io/api/certificates/v1beta1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	typedcertificatesv1 "k8s.io/client-go/kubernetes/typed/certificates/v1"
	certificateslisters "k8s.io/client-go/listers/certificates/v1beta1"
	"k8s.io/client-go/tools/cache"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
)

// Name is the name of the controller in kube-controller-manager.
const Name = "podcertificaterequest-cleaner-controller"

// kept is how long a request is kept.
const kept = 15 * time.Minute

// Controller returns the entry for the list of controllers.
func Controller() controllers.Controller {
	return controllers.Controller{
		Name:  Name,
		Needs: []schema.GroupVersionResource{certificatesv1.SchemeGroupVersion.WithResource("podcertificaterequests")},
		New: func(d controllers.Deps) *controllers.Loop {
			// The type is that of the version in which they are stored.
			requests := d.Informers.Certificates().V1beta1().PodCertificateRequests()
			c := &cleaner{client: d.Client.CertificatesV1(), requests: requests.Lister()}
			c.loop = &controllers.Loop{
				Watches: []controllers.Watch{controllers.On(requests.Informer(), controllers.Self[*certificatesv1beta1.PodCertificateRequest])},
				Sync:    c.sync,
			}
			return c.loop
		},
	}
}

type cleaner struct {
	client   typedcertificatesv1.PodCertificateRequestsGetter
	requests certificateslisters.PodCertificateRequestLister
	loop     *controllers.Loop
}

// sync deletes a request when its time has come.
func (c *cleaner) sync(ctx context.Context, key string) error {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return err
	}
	r, err := c.requests.PodCertificateRequests(namespace).Get(name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if left := time.Until(r.CreationTimestamp.Add(kept)); left > 0 {
		c.loop.AddAfter(key, left)
		return nil
	}
	err = c.client.PodCertificateRequests(namespace).Delete(ctx, name, metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(r.UID))})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil // its events tell the rest
	}
	return err
}
