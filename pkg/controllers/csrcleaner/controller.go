// Package csrcleaner implements the controller that deletes requests for certificates
// of which nobody needs anything any more. kube-controller-manager looks for them once
// an hour; this controller deletes each as soon as its time has come.
package csrcleaner

import (
	"context"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	typedcertificatesv1 "k8s.io/client-go/kubernetes/typed/certificates/v1"
	certificateslisters "k8s.io/client-go/listers/certificates/v1"
	"k8s.io/client-go/util/cert"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
)

// Name is the name of the controller in kube-controller-manager.
const Name = "certificatesigningrequest-cleaner-controller"

const (
	// decided is how long a request is kept that was denied, that failed, or whose
	// certificate was issued.
	decided = time.Hour
	// pending is how long a request is kept that nobody has decided, and one that was
	// approved and not signed.
	pending = 24 * time.Hour
)

// Controller returns the entry for the list of controllers.
func Controller() controllers.Controller {
	return controllers.Controller{
		Name:  Name,
		Alias: "csrcleaner",
		Needs: []schema.GroupVersionResource{certificatesv1.SchemeGroupVersion.WithResource("certificatesigningrequests")},
		New: func(d controllers.Deps) *controllers.Loop {
			requests := d.Informers.Certificates().V1().CertificateSigningRequests()
			c := &cleaner{client: d.Client.CertificatesV1().CertificateSigningRequests(), requests: requests.Lister()}
			c.loop = &controllers.Loop{
				Watches: []controllers.Watch{controllers.On(requests.Informer(), controllers.Self[*certificatesv1.CertificateSigningRequest])},
				Sync:    c.sync,
			}
			return c.loop
		},
	}
}

type cleaner struct {
	client   typedcertificatesv1.CertificateSigningRequestInterface
	requests certificateslisters.CertificateSigningRequestLister
	loop     *controllers.Loop
}

// sync deletes a request when its time has come.
func (c *cleaner) sync(ctx context.Context, name string) error {
	r, err := c.requests.Get(name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	end := end(r)
	if end.IsZero() {
		return nil
	}
	if left := time.Until(end); left > 0 {
		c.loop.AddAfter(name, left)
		return nil
	}
	preconditions := &metav1.Preconditions{UID: &r.UID, ResourceVersion: &r.ResourceVersion}
	err = c.client.Delete(ctx, name, metav1.DeleteOptions{Preconditions: preconditions})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil // its events tell the rest
	}
	return err
}

// end returns when a request is to be deleted: at the first moment at which one of its
// conditions says so. It is zero if that is never.
func end(r *certificatesv1.CertificateSigningRequest) (end time.Time) {
	if len(r.Status.Conditions) == 0 {
		return r.CreationTimestamp.Add(pending)
	}
	at := func(t time.Time) {
		if end.IsZero() || t.Before(end) {
			end = t
		}
	}
	issued := len(r.Status.Certificate) > 0
	for _, c := range r.Status.Conditions {
		after := decided
		switch c.Type {
		case certificatesv1.CertificateApproved:
			if !issued {
				after = pending
			} else if certs, err := cert.ParseCertsPEM(r.Status.Certificate); err == nil {
				at(certs[0].NotAfter)
			}
		case certificatesv1.CertificateDenied, certificatesv1.CertificateFailed:
		default:
			continue
		}
		if !c.LastUpdateTime.IsZero() {
			at(c.LastUpdateTime.Add(after))
		}
	}
	return end
}
