// Package csrsigning implements the controller that signs approved requests for
// certificates of the signers that Kubernetes has itself. It signs with the CA of the
// server, in the name of which the server accepts clients.
package csrsigning

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	typedcertificatesv1 "k8s.io/client-go/kubernetes/typed/certificates/v1"
	certificateslisters "k8s.io/client-go/listers/certificates/v1"
	"k8s.io/client-go/util/cert"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/certificates/certificatesigningrequest"
)

// Name is the name of the controller in kube-controller-manager.
const Name = "certificatesigningrequest-signing-controller"

// workers is the number of requests that are signed concurrently.
const workers = 5

// Controller returns the entry for the list of controllers.
func Controller() controllers.Controller {
	return controllers.Controller{
		Name:  Name,
		Alias: "csrsigning",
		Needs: []schema.GroupVersionResource{certificatesv1.SchemeGroupVersion.WithResource("certificatesigningrequests")},
		New: func(d controllers.Deps) *controllers.Loop {
			requests := d.Informers.Certificates().V1().CertificateSigningRequests()
			s := &signer{client: d.Client.CertificatesV1().CertificateSigningRequests(), requests: requests.Lister(), sign: d.SignCertificate}
			return &controllers.Loop{
				Workers: workers,
				Watches: []controllers.Watch{controllers.On(requests.Informer(), unsigned)},
				Sync:    s.sync,
			}
		},
	}
}

type signer struct {
	client   typedcertificatesv1.CertificateSigningRequestInterface
	requests certificateslisters.CertificateSigningRequestLister
	sign     func(template x509.Certificate, public crypto.PublicKey) (*x509.Certificate, error)
}

// unsigned returns the name of a request that is to be signed.
func unsigned(r *certificatesv1.CertificateSigningRequest) []string {
	is := func(t certificatesv1.RequestConditionType) bool {
		return slices.ContainsFunc(r.Status.Conditions, func(c certificatesv1.CertificateSigningRequestCondition) bool { return c.Type == t })
	}
	if checks[r.Spec.SignerName] == nil || len(r.Status.Certificate) > 0 || !is(certificatesv1.CertificateApproved) ||
		is(certificatesv1.CertificateDenied) || is(certificatesv1.CertificateFailed) {
		return nil
	}
	return []string{r.Name}
}

// sync signs a request, or says in a condition why it cannot be signed.
func (s *signer) sync(ctx context.Context, name string) error {
	r, err := s.requests.Get(name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil || unsigned(r) == nil {
		return err
	}
	done := r.DeepCopy()
	cr, err := certificatesigningrequest.ParseRequest(r.Spec.Request)
	if err != nil {
		return fmt.Errorf("the request is stored, and cannot be read: %w", err)
	}
	if refusal := checks[r.Spec.SignerName](cr, r.Spec.Usages); refusal != nil {
		done.Status.Conditions = append(done.Status.Conditions, certificatesv1.CertificateSigningRequestCondition{
			Type: certificatesv1.CertificateFailed, Status: corev1.ConditionTrue, Reason: "SignerValidationFailure", Message: refusal.Error(),
			LastUpdateTime: metav1.Now()})
	} else {
		signed, err := s.sign(template(cr, r, time.Now()), cr.PublicKey)
		if err != nil {
			return fmt.Errorf("signing: %w", err)
		}
		done.Status.Certificate = pem.EncodeToMemory(&pem.Block{Type: cert.CertificateBlockType, Bytes: signed.Raw})
	}
	_, err = s.client.UpdateStatus(ctx, done, metav1.UpdateOptions{})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil // its events tell the rest
	}
	return err
}
