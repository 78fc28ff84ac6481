// Package csrapproving implements the controller that approves requests of kubelets for
// client certificates: the first one of a node that is new, and the renewals of a node
// by itself. Who may make such a request says the authorizer.
package csrapproving

import (
	"context"
	"crypto/x509"
	"fmt"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"
	certificateslisters "k8s.io/client-go/listers/certificates/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/certificates/kubelet"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/certificates/certificatesigningrequest"
)

// Name is the name of the controller in kube-controller-manager.
const Name = "certificatesigningrequest-approving-controller"

// soonest and latest are the times after which a request is looked at again that the
// authorizer has refused: it may be allowed later. The time grows with the age of the
// request, between the same bounds as in kube-controller-manager.
const (
	soonest = 200 * time.Millisecond
	latest  = 1000 * time.Second
)

// kind is a kind of requests that are approved.
type kind struct {
	// permission is the subresource of certificatesigningrequests that the requestor
	// must be allowed to create.
	permission string
	message    string
	is         func(*certificatesv1.CertificateSigningRequest, *x509.CertificateRequest) bool
}

var kinds = [...]kind{
	{"selfnodeclient", "Auto approving self kubelet client certificate after SubjectAccessReview.",
		func(r *certificatesv1.CertificateSigningRequest, cr *x509.CertificateRequest) bool {
			return r.Spec.Username == cr.Subject.CommonName
		}},
	{"nodeclient", "Auto approving kubelet client certificate after SubjectAccessReview.",
		func(*certificatesv1.CertificateSigningRequest, *x509.CertificateRequest) bool { return true }},
}

// Controller returns the entry for the list of controllers.
func Controller() controllers.Controller {
	return controllers.Controller{
		Name:  Name,
		Alias: "csrapproving",
		Needs: []schema.GroupVersionResource{certificatesv1.SchemeGroupVersion.WithResource("certificatesigningrequests")},
		New: func(d controllers.Deps) *controllers.Loop {
			requests := d.Informers.Certificates().V1().CertificateSigningRequests()
			a := &approver{client: d.Client, requests: requests.Lister()}
			a.loop = &controllers.Loop{
				Watches: []controllers.Watch{controllers.On(requests.Informer(), undecided)},
				Sync:    a.sync,
			}
			return a.loop
		},
	}
}

type approver struct {
	client   kubernetes.Interface
	requests certificateslisters.CertificateSigningRequestLister
	loop     *controllers.Loop
}

// undecided returns the name of a request of a kubelet that is neither approved nor
// denied.
func undecided(r *certificatesv1.CertificateSigningRequest) []string {
	if r.Spec.SignerName != certificatesv1.KubeAPIServerClientKubeletSignerName || len(r.Status.Certificate) > 0 {
		return nil
	}
	for _, c := range r.Status.Conditions {
		if c.Type == certificatesv1.CertificateApproved || c.Type == certificatesv1.CertificateDenied {
			return nil
		}
	}
	return []string{r.Name}
}

// sync approves a request, if it is of a kind that its requestor may make.
func (a *approver) sync(ctx context.Context, name string) error {
	r, err := a.requests.Get(name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil || undecided(r) == nil {
		return err
	}
	cr, err := certificatesigningrequest.ParseRequest(r.Spec.Request)
	if err != nil || kubelet.CheckClient(cr, r.Spec.Usages) != nil {
		return nil // somebody else may decide; the signer tells what is wrong
	}
	for _, k := range kinds {
		if !k.is(r, cr) {
			continue
		}
		allowed, err := a.allowed(ctx, r, k.permission)
		if err != nil {
			return fmt.Errorf("asking whether %s may create a request: %w", r.Spec.Username, err)
		}
		if allowed {
			return a.approve(ctx, r, k.message)
		}
	}
	a.loop.AddAfter(name, min(max(time.Since(r.CreationTimestamp.Time), soonest), latest))
	return nil
}

// allowed asks whether the requestor may create requests of a kind.
func (a *approver) allowed(ctx context.Context, r *certificatesv1.CertificateSigningRequest, permission string) (bool, error) {
	extra := map[string]authorizationv1.ExtraValue{}
	for key, value := range r.Spec.Extra {
		extra[key] = authorizationv1.ExtraValue(value)
	}
	review, err := a.client.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{
		Spec: authorizationv1.SubjectAccessReviewSpec{
			User: r.Spec.Username, UID: r.Spec.UID, Groups: r.Spec.Groups, Extra: extra,
			ResourceAttributes: &authorizationv1.ResourceAttributes{Group: certificatesv1.GroupName, Resource: "certificatesigningrequests",
				Verb: "create", Subresource: permission, Version: "*"},
		}}, metav1.CreateOptions{})
	if err != nil {
		return false, err
	}
	return review.Status.Allowed, nil
}

func (a *approver) approve(ctx context.Context, r *certificatesv1.CertificateSigningRequest, message string) error {
	approved := r.DeepCopy()
	approved.Status.Conditions = append(approved.Status.Conditions, certificatesv1.CertificateSigningRequestCondition{
		Type: certificatesv1.CertificateApproved, Status: corev1.ConditionTrue, Reason: "AutoApproved", Message: message})
	_, err := a.client.CertificatesV1().CertificateSigningRequests().UpdateApproval(ctx, r.Name, approved, metav1.UpdateOptions{})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil // its events tell the rest
	}
	return err
}
