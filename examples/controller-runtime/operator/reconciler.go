package operator

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	examplev1 "github.com/gatehouse-k8s/gatehouse/examples/controller-runtime/api/v1"
)

const (
	// Finalizer keeps a site until its host is free for others.
	Finalizer = "example.com/host"
	// claimsNamespace is where hosts are claimed, each by a config map of its name.
	claimsNamespace = metav1.NamespaceDefault
	// ownerKey is the key of a claim under which it names its site.
	ownerKey = "site"
	// retry is the time after which a site asks again for a host that is taken.
	retry = 10 * time.Second
)

// reconciler claims the host of a site, keeps its page in a config map, and tells
// the address in the status.
type reconciler struct {
	client.Client
	// claims reads without a cache, which may not have a claim of a moment ago.
	claims client.Reader
}

// Reconcile implements reconcile.Reconciler.
func (r *reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	site := &examplev1.Site{}
	if err := r.Get(ctx, request.NamespacedName, site); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !site.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, r.release(ctx, site)
	}
	if controllerutil.AddFinalizer(site, Finalizer) {
		if err := r.Update(ctx, site); err != nil {
			return ctrl.Result{}, err
		}
	}
	page := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: site.Namespace, Name: site.Name}}
	if _, err := controllerutil.CreateOrUpdate(ctx, r.Client, page, func() error {
		page.Data = map[string]string{"index.html": site.Spec.Page}
		return controllerutil.SetControllerReference(site, page, r.Scheme())
	}); err != nil {
		return ctrl.Result{}, err
	}
	owner, err := r.claim(ctx, site)
	if err != nil {
		return ctrl.Result{}, err
	}
	status, result := examplev1.SiteStatus{ObservedGeneration: site.Generation}, ctrl.Result{}
	if owner == nameOf(site) {
		status.URL = "https://" + site.Spec.Host
	} else {
		status.Message = fmt.Sprintf("the host belongs to %s", owner)
		result.RequeueAfter = retry
	}
	if site.Status == status {
		return result, nil
	}
	site.Status = status
	return result, r.Status().Update(ctx, site)
}

func nameOf(site *examplev1.Site) string { return client.ObjectKeyFromObject(site).String() }

// claim asks for the host of a site, and returns the name of the site that has it.
func (r *reconciler) claim(ctx context.Context, site *examplev1.Site) (owner string, err error) {
	claim := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: claimsNamespace, Name: site.Spec.Host},
		Data:       map[string]string{ownerKey: nameOf(site)},
	}
	if err := r.Create(ctx, claim); err == nil || !apierrors.IsAlreadyExists(err) {
		return nameOf(site), err
	}
	err = r.claims.Get(ctx, client.ObjectKeyFromObject(claim), claim)
	return claim.Data[ownerKey], err
}

// release gives the host of a deleted site back and lets the site go. The claim is
// in another namespace, where an owner reference to the site is not possible.
func (r *reconciler) release(ctx context.Context, site *examplev1.Site) error {
	if !controllerutil.ContainsFinalizer(site, Finalizer) {
		return nil
	}
	claim := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: claimsNamespace, Name: site.Spec.Host}}
	err := r.claims.Get(ctx, client.ObjectKeyFromObject(claim), claim)
	if err == nil && claim.Data[ownerKey] == nameOf(site) {
		err = r.Delete(ctx, claim)
	}
	if client.IgnoreNotFound(err) != nil {
		return err
	}
	controllerutil.RemoveFinalizer(site, Finalizer)
	return r.Update(ctx, site)
}
