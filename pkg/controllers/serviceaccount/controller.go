// Package serviceaccount implements the controller for the service account
// "default", which pods use that name no other. It creates the account in each
// namespace, and creates it again when it is deleted.
package serviceaccount

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	corelisters "k8s.io/client-go/listers/core/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
)

// Name is the name of the controller in kube-controller-manager.
const Name = "serviceaccount-controller"

// account is the name of the account.
const account = "default"

// Controller returns the entry for the list of controllers.
func Controller() controllers.Controller {
	return controllers.Controller{
		Name:  Name,
		Alias: "serviceaccount",
		Needs: []schema.GroupVersionResource{
			corev1.SchemeGroupVersion.WithResource("namespaces"), corev1.SchemeGroupVersion.WithResource("serviceaccounts")},
		New: func(d controllers.Deps) *controllers.Loop {
			namespaces, accounts := d.Informers.Core().V1().Namespaces(), d.Informers.Core().V1().ServiceAccounts()
			c := &controller{client: d.Client.CoreV1(), namespaces: namespaces.Lister(), accounts: accounts.Lister()}
			return &controllers.Loop{
				Watches: []controllers.Watch{
					controllers.On(namespaces.Informer(), controllers.Self[*corev1.Namespace]),
					controllers.On(accounts.Informer(), namespaceOf),
				},
				Sync: c.sync,
			}
		},
	}
}

type controller struct {
	client     typedcorev1.ServiceAccountsGetter
	namespaces corelisters.NamespaceLister
	accounts   corelisters.ServiceAccountLister
}

// namespaceOf returns the namespace of an account that this controller creates.
func namespaceOf(a *corev1.ServiceAccount) []string {
	if a.Name != account {
		return nil
	}
	return []string{a.Namespace}
}

// sync creates the account of a namespace, unless the namespace is being deleted.
func (c *controller) sync(ctx context.Context, name string) error {
	namespace, err := c.namespaces.Get(name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil || namespace.Status.Phase != corev1.NamespaceActive {
		return err
	}
	if _, err := c.accounts.ServiceAccounts(name).Get(account); !apierrors.IsNotFound(err) {
		return err
	}
	_, err = c.client.ServiceAccounts(name).Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: account}}, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) || apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		return nil
	}
	return err
}
