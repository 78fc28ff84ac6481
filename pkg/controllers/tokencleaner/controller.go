// Package tokencleaner implements the controller that deletes bootstrap tokens when
// they have expired.
package tokencleaner

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"
	"k8s.io/cluster-bootstrap/util/secrets"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
)

// Name is the name of the controller in kube-controller-manager.
const Name = "token-cleaner-controller"

// Controller returns the entry for the list of controllers.
func Controller() controllers.Controller {
	return controllers.Controller{
		Name:       Name,
		Alias:      "tokencleaner",
		ByNameOnly: true,
		Needs:      []schema.GroupVersionResource{corev1.SchemeGroupVersion.WithResource("secrets")},
		New: func(d controllers.Deps) *controllers.Loop {
			tokens := d.Informers.Core().V1().Secrets()
			c := &cleaner{client: d.Client.CoreV1().Secrets(metav1.NamespaceSystem), tokens: tokens.Lister().Secrets(metav1.NamespaceSystem)}
			c.loop = &controllers.Loop{
				Watches: []controllers.Watch{controllers.On(tokens.Informer(), tokenName)},
				Sync:    c.sync,
			}
			return c.loop
		},
	}
}

type cleaner struct {
	client typedcorev1.SecretInterface
	tokens corelisters.SecretNamespaceLister
	loop   *controllers.Loop
}

// tokenName returns the name of a secret that is a bootstrap token.
func tokenName(s *corev1.Secret) []string {
	if s.Namespace != metav1.NamespaceSystem || s.Type != bootstrapapi.SecretTypeBootstrapToken {
		return nil
	}
	return []string{s.Name}
}

// sync deletes a token that has expired. A token whose expiration cannot be read has.
func (c *cleaner) sync(ctx context.Context, name string) error {
	token, err := c.tokens.Get(name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	left, expired := secrets.GetExpiration(token, time.Now())
	switch {
	case expired:
		preconditions := &metav1.Preconditions{UID: &token.UID, ResourceVersion: &token.ResourceVersion}
		err := c.client.Delete(ctx, name, metav1.DeleteOptions{Preconditions: preconditions})
		if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
			return nil // its events tell the rest
		}
		return err
	case left > 0:
		c.loop.AddAfter(name, left)
	}
	return nil
}
