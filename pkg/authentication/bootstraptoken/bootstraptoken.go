// Package bootstraptoken authenticates bootstrap tokens, with which nodes join
// a cluster. They are stored in secrets of type bootstrap.kubernetes.io/token
// in kube-system.
package bootstraptoken

import (
	"context"
	"crypto/subtle"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/user"
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"
	"k8s.io/cluster-bootstrap/util/secrets"
	"k8s.io/cluster-bootstrap/util/tokens"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
)

// Authenticator authenticates the tokens that are stored in secrets.
type Authenticator struct {
	// Objects reads the secrets.
	Objects *objects.Access
	// Now returns the current time. The default is time.Now.
	Now func() time.Time
}

var _ authenticator.Token = (*Authenticator)(nil)

// AuthenticateToken implements authenticator.Token. A token has the form
// id.secret, and authenticates the user system:bootstrap:<id>. It is valid as
// long as its secret exists, allows authentication and has not expired.
func (a *Authenticator) AuthenticateToken(ctx context.Context, token string) (*authenticator.Response, bool, error) {
	id, secret, err := tokens.ParseToken(token)
	if err != nil {
		return nil, false, nil
	}
	s, err := objects.Get[*corev1.Secret](ctx, a.Objects, corev1.Resource("secrets"), metav1.NamespaceSystem, bootstrapapi.BootstrapTokenSecretPrefix+id)
	if apierrors.IsNotFound(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	if !a.usable(s, id, secret) {
		return nil, false, nil
	}
	groups, err := secrets.GetGroups(s)
	if err != nil {
		utilruntime.HandleErrorWithContext(ctx, err, "Bootstrap token with invalid groups", "secret", s.Name)
		return nil, false, nil
	}
	return &authenticator.Response{User: &user.DefaultInfo{Name: bootstrapapi.BootstrapUserPrefix + id, Groups: groups}}, true, nil
}

func (a *Authenticator) usable(s *corev1.Secret, id, secret string) bool {
	now := time.Now
	if a.Now != nil {
		now = a.Now
	}
	return s.DeletionTimestamp == nil &&
		s.Type == bootstrapapi.SecretTypeBootstrapToken &&
		subtle.ConstantTimeCompare(s.Data[bootstrapapi.BootstrapTokenSecretKey], []byte(secret)) == 1 &&
		secrets.GetData(s, bootstrapapi.BootstrapTokenIDKey) == id &&
		!secrets.HasExpired(s, now()) &&
		secrets.GetData(s, bootstrapapi.BootstrapTokenUsageAuthentication) == "true"
}
