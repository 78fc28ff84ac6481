// Package legacytokencleaner implements the controller for secrets with tokens of
// service accounts that Kubernetes before 1.24 made by itself (KEP-2799). A token that
// was not used for a year is marked as invalid; a year later its secret is deleted.
package legacytokencleaner

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/pager"
	"k8s.io/klog/v2"

	saauthentication "github.com/gatehouse-k8s/gatehouse/pkg/authentication/serviceaccount"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
)

// Name is the name of the controller in kube-controller-manager.
const Name = "legacy-serviceaccount-token-cleaner-controller"

const (
	// interval is the time between two rounds.
	interval = 24 * time.Hour
	// unused is after what time without use a token becomes invalid, and after what
	// further time it is deleted. It is the default of kube-controller-manager's
	// --legacy-service-account-token-clean-up-period.
	unused = 365 * 24 * time.Hour
	// trackingMap is the config map in kube-system that tells since when the server
	// records the use of tokens, and sinceKey is where.
	trackingMap, sinceKey = "kube-apiserver-legacy-service-account-token-tracking", "since"
)

// Controller returns the entry for the list of controllers.
func Controller() controllers.Controller {
	return controllers.Controller{
		Name:  Name,
		Alias: "legacy-service-account-token-cleaner",
		Needs: []schema.GroupVersionResource{
			corev1.SchemeGroupVersion.WithResource("secrets"), corev1.SchemeGroupVersion.WithResource("serviceaccounts"),
			corev1.SchemeGroupVersion.WithResource("configmaps"), corev1.SchemeGroupVersion.WithResource("pods")},
		New: func(d controllers.Deps) *controllers.Loop {
			core := d.Informers.Core().V1()
			c := &cleaner{client: d.Client.CoreV1(), secrets: core.Secrets().Lister(), accounts: core.ServiceAccounts().Lister(), now: time.Now}
			c.loop = &controllers.Loop{
				Watches: []controllers.Watch{
					controllers.On(core.ConfigMaps().Informer(), round),
					controllers.Reads(core.Secrets().Informer()),
					controllers.Reads(core.ServiceAccounts().Informer()),
				},
				Sync: c.sync,
			}
			return c.loop
		},
	}
}

type cleaner struct {
	client   typedcorev1.CoreV1Interface
	secrets  corelisters.SecretLister
	accounts corelisters.ServiceAccountLister
	loop     *controllers.Loop
	now      func() time.Time
}

// round returns the one key of the queue.
func round(m *corev1.ConfigMap) []string {
	if m.Namespace != metav1.NamespaceSystem || m.Name != trackingMap {
		return nil
	}
	return []string{m.Name}
}

// sync looks at all tokens, and again after the interval. Nothing happens before the use
// of tokens has been recorded for long enough.
func (c *cleaner) sync(ctx context.Context, key string) error {
	c.loop.AddAfter(key, interval)
	tracking, err := c.client.ConfigMaps(metav1.NamespaceSystem).Get(ctx, trackingMap, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	since, err := time.Parse(time.DateOnly, tracking.Data[sinceKey])
	if err != nil {
		return fmt.Errorf("config map %s: %w", trackingMap, err)
	}
	if !c.before(since) {
		return nil
	}
	secrets, err := c.secrets.List(labels.Everything())
	if err != nil {
		return err
	}
	for _, secret := range secrets {
		if !c.generated(secret) || !secret.CreationTimestamp.Time.Before(c.now().Add(-unused)) {
			continue
		}
		if err := c.clean(ctx, secret); err != nil {
			klog.FromContext(ctx).Error(err, "Failed to clean an old token of a service account, will try again in the next round", "secret", klog.KObj(secret))
		}
	}
	return nil
}

// before reports whether a day had ended when the period without use began.
func (c *cleaner) before(day time.Time) bool {
	return !day.AddDate(0, 0, 1).After(c.now().Add(-unused))
}

// generated reports whether a secret with a token was not made by a user: then its
// account lists it.
func (c *cleaner) generated(secret *corev1.Secret) bool {
	if secret.Type != corev1.SecretTypeServiceAccountToken {
		return false
	}
	account, err := c.accounts.ServiceAccounts(secret.Namespace).Get(secret.Annotations[corev1.ServiceAccountNameKey])
	return err == nil && slices.ContainsFunc(account.Secrets, func(ref corev1.ObjectReference) bool { return ref.Name == secret.Name })
}

// clean marks a token that has not been used as invalid, or deletes its secret if it has
// been invalid for long enough. A secret that a pod mounts stays as it is.
func (c *cleaner) clean(ctx context.Context, secret *corev1.Secret) error {
	if used := secret.Labels[saauthentication.LastUsedLabel]; used != "" {
		day, err := time.Parse(time.DateOnly, used)
		if err != nil || !c.before(day) {
			return err
		}
	}
	mounted, err := c.mounted(ctx, secret)
	if err != nil || mounted {
		return err
	}
	invalid, err := time.Parse(time.DateOnly, secret.Labels[saauthentication.InvalidSinceLabel])
	if err != nil { // there is no such label, or it is of no use
		marked := secret.DeepCopy()
		metav1.SetMetaDataLabel(&marked.ObjectMeta, saauthentication.InvalidSinceLabel, c.now().UTC().Format(time.DateOnly))
		klog.FromContext(ctx).Info("Marking an unused token of a service account as invalid", "secret", klog.KObj(secret))
		_, err := c.client.Secrets(secret.Namespace).Update(ctx, marked, metav1.UpdateOptions{})
		return err
	}
	if !c.before(invalid) {
		return nil
	}
	klog.FromContext(ctx).Info("Deleting an invalid token of a service account", "secret", klog.KObj(secret), "since", invalid.Format(time.DateOnly))
	preconditions := &metav1.Preconditions{UID: &secret.UID, ResourceVersion: &secret.ResourceVersion}
	return c.client.Secrets(secret.Namespace).Delete(ctx, secret.Name, metav1.DeleteOptions{Preconditions: preconditions})
}

// mounted reports whether a pod mounts a secret.
func (c *cleaner) mounted(ctx context.Context, secret *corev1.Secret) (mounted bool, err error) {
	list := func(ctx context.Context, opts metav1.ListOptions) (runtime.Object, error) {
		return c.client.Pods(secret.Namespace).List(ctx, opts)
	}
	err = pager.New(list).EachListItem(ctx, metav1.ListOptions{}, func(obj runtime.Object) error {
		mounted = mounted || slices.ContainsFunc(obj.(*corev1.Pod).Spec.Volumes, func(v corev1.Volume) bool {
			return v.Secret != nil && v.Secret.SecretName == secret.Name
		})
		return nil
	})
	return mounted, err
}
