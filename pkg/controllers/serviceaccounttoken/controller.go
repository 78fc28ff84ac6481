// Package serviceaccounttoken implements the controller for secrets of the type
// kubernetes.io/service-account-token. It writes the token of the service account that
// a secret names into it, deletes the secrets whose account does not exist, and removes
// deleted secrets from the list of the account.
package serviceaccounttoken

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	clientretry "k8s.io/client-go/util/retry"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
	"github.com/gatehouse-k8s/gatehouse/pkg/serviceaccount"
)

// Name is the name of the controller in kube-controller-manager.
const Name = "serviceaccount-token-controller"

// workers is the default of kube-controller-manager's
// --concurrent-serviceaccount-token-syncs.
const workers = 5

// Controller returns the entry for the list of controllers.
func Controller() controllers.Controller {
	return controllers.Controller{
		Name:  Name,
		Alias: "serviceaccount-token",
		Needs: []schema.GroupVersionResource{
			corev1.SchemeGroupVersion.WithResource("secrets"), corev1.SchemeGroupVersion.WithResource("serviceaccounts")},
		New: func(d controllers.Deps) *controllers.Loop {
			secrets, accounts := d.Informers.Core().V1().Secrets(), d.Informers.Core().V1().ServiceAccounts()
			c := &controller{client: d.Client.CoreV1(), secrets: secrets.Lister(), accounts: accounts.Lister(), ca: d.RootCA, sign: d.SignToken}
			return &controllers.Loop{
				Workers: workers,
				Watches: []controllers.Watch{
					controllers.On(secrets.Informer(), keyOf),
					controllers.On(accounts.Informer(), c.secretsOf),
				},
				Sync: c.sync,
			}
		},
	}
}

type controller struct {
	client   typedcorev1.CoreV1Interface
	secrets  corelisters.SecretLister
	accounts corelisters.ServiceAccountLister
	ca       func() ([]byte, error)
	sign     func(context.Context, *serviceaccount.Claims) (string, error)
}

// keyOf returns the key of a secret for a token: its namespace, its name, and the name
// of its account, which is needed when the secret is gone.
func keyOf(s *corev1.Secret) []string {
	if s.Type != corev1.SecretTypeServiceAccountToken {
		return nil
	}
	return []string{strings.Join([]string{s.Namespace, s.Name, s.Annotations[corev1.ServiceAccountNameKey]}, "/")}
}

// secretsOf returns the keys of the secrets that name an account.
func (c *controller) secretsOf(a *corev1.ServiceAccount) (keys []string) {
	secrets, _ := c.secrets.Secrets(a.Namespace).List(labels.Everything()) // never fails: it reads from memory
	for _, s := range secrets {
		if s.Annotations[corev1.ServiceAccountNameKey] == a.Name {
			keys = append(keys, keyOf(s)...)
		}
	}
	return keys
}

func (c *controller) sync(ctx context.Context, key string) error {
	parts := strings.SplitN(key, "/", 3)
	secret, err := c.secrets.Secrets(parts[0]).Get(parts[1])
	switch {
	case apierrors.IsNotFound(err):
		return c.forget(ctx, parts[0], parts[1], parts[2])
	case err != nil || secret.Type != corev1.SecretTypeServiceAccountToken || secret.DeletionTimestamp != nil:
		return err
	}
	account, err := c.account(ctx, secret)
	if err != nil {
		return err
	}
	if account == nil {
		return c.delete(ctx, secret)
	}
	return c.fill(ctx, account, secret)
}

// account returns the account that a secret names, or nil if it does not exist, even if
// there is another one of the same name.
func (c *controller) account(ctx context.Context, secret *corev1.Secret) (*corev1.ServiceAccount, error) {
	name, uid := secret.Annotations[corev1.ServiceAccountNameKey], secret.Annotations[corev1.ServiceAccountUIDKey]
	is := func(a *corev1.ServiceAccount) bool { return uid == "" || string(a.UID) == uid }
	if account, err := c.accounts.ServiceAccounts(secret.Namespace).Get(name); err == nil && is(account) {
		return account, nil
	}
	account, err := c.client.ServiceAccounts(secret.Namespace).Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err) || err == nil && !is(account):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return account, nil
}

// delete deletes a secret that is still as it was seen.
func (c *controller) delete(ctx context.Context, secret *corev1.Secret) error {
	preconditions := &metav1.Preconditions{UID: &secret.UID, ResourceVersion: &secret.ResourceVersion}
	err := c.client.Secrets(secret.Namespace).Delete(ctx, secret.Name, metav1.DeleteOptions{Preconditions: preconditions})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil // its events tell the rest
	}
	return err
}

// fill writes what a secret lacks. Only a wrong CA is replaced: what else is there may
// be what the owner wants.
func (c *controller) fill(ctx context.Context, account *corev1.ServiceAccount, secret *corev1.Secret) error {
	ca, err := c.ca()
	if err != nil {
		return fmt.Errorf("reading the CA: %w", err)
	}
	has := func(key string) bool { return len(secret.Data[key]) > 0 }
	if has(corev1.ServiceAccountTokenKey) && has(corev1.ServiceAccountNamespaceKey) && bytes.Equal(secret.Data[corev1.ServiceAccountRootCAKey], ca) {
		return nil
	}
	filled := secret.DeepCopy()
	metav1.SetMetaDataAnnotation(&filled.ObjectMeta, corev1.ServiceAccountUIDKey, string(account.UID))
	if filled.Data == nil {
		filled.Data = map[string][]byte{}
	}
	filled.Data[corev1.ServiceAccountRootCAKey] = ca
	if !has(corev1.ServiceAccountNamespaceKey) {
		filled.Data[corev1.ServiceAccountNamespaceKey] = []byte(secret.Namespace)
	}
	if !has(corev1.ServiceAccountTokenKey) {
		token, err := c.sign(ctx, serviceaccount.NewLegacyClaims(account, secret))
		if err != nil {
			return fmt.Errorf("signing the token: %w", err)
		}
		filled.Data[corev1.ServiceAccountTokenKey] = []byte(token)
	}
	_, err = c.client.Secrets(secret.Namespace).Update(ctx, filled, metav1.UpdateOptions{})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil // its events tell the rest
	}
	return err
}

// forget removes a secret that does not exist any more from the list of its account.
func (c *controller) forget(ctx context.Context, namespace, name, account string) error {
	lists := func(ref corev1.ObjectReference) bool { return ref.Name == name }
	known, err := c.accounts.ServiceAccounts(namespace).Get(account)
	if err != nil || !slices.ContainsFunc(known.Secrets, lists) {
		return unlessGone(err)
	}
	if _, err := c.client.Secrets(namespace).Get(ctx, name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		return err
	}
	return clientretry.RetryOnConflict(clientretry.DefaultRetry, func() error {
		current, err := c.client.ServiceAccounts(namespace).Get(ctx, account, metav1.GetOptions{})
		if err != nil || !slices.ContainsFunc(current.Secrets, lists) {
			return unlessGone(err)
		}
		current.Secrets = slices.DeleteFunc(current.Secrets, lists)
		_, err = c.client.ServiceAccounts(namespace).Update(ctx, current, metav1.UpdateOptions{})
		return unlessGone(err)
	})
}

func unlessGone(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
