// Package serviceaccount authenticates the tokens of service accounts. These
// are the tokens of the TokenRequest API, which can be bound to a pod, a secret
// or a node, and legacy tokens, which are stored in secrets.
package serviceaccount

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gopkg.in/go-jose/go-jose.v2/jwt"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	authserviceaccount "k8s.io/apiserver/pkg/authentication/serviceaccount"
	"k8s.io/client-go/kubernetes"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
	"github.com/gatehouse-k8s/gatehouse/pkg/serviceaccount"
)

// Config configures New.
type Config struct {
	Tokens *serviceaccount.Tokens
	// Objects reads service accounts and the objects to which tokens are bound.
	Objects *objects.Access
	// Client records in the secrets of legacy tokens when they were used.
	Client kubernetes.Interface
	// SkipLegacyLookup accepts legacy tokens without checking that their secret
	// and service account exist.
	SkipLegacyLookup bool
}

// New returns the authenticator. The signature of a token is verified once and
// the result is cached. The objects that the token names are read from the
// watch cache for every request: when one of them is deleted, the token is no
// longer valid.
func New(c Config) authenticator.Token {
	registerMetrics()
	return &tokens{Config: c, use: lastUse{client: c.Client}, now: time.Now}
}

type tokens struct {
	Config
	use lastUse
	now func() time.Time
}

// AuthenticateToken implements authenticator.Token. A token of another issuer
// is not an error, because another authenticator may accept it.
func (t *tokens) AuthenticateToken(ctx context.Context, token string) (*authenticator.Response, bool, error) {
	claims, err := t.Tokens.Verify(ctx, token)
	if claims == nil || err != nil {
		return nil, false, err
	}
	legacy := t.Tokens.IsLegacy(claims)
	audiences, err := t.audiences(ctx, claims)
	if err != nil {
		return nil, false, err
	}
	var info *authserviceaccount.ServiceAccountInfo
	if legacy {
		info, err = t.legacy(ctx, token, claims)
	} else {
		info, err = t.bound(ctx, claims)
	}
	if err != nil {
		return nil, false, err
	}
	return &authenticator.Response{User: info.UserInfo(), Audiences: audiences}, true, nil
}

// audiences returns the requested audiences for which the token is valid. A
// token that does not name audiences is valid for the audiences of this server.
func (t *tokens) audiences(ctx context.Context, claims *serviceaccount.Claims) (authenticator.Audiences, error) {
	of := authenticator.Audiences(claims.Audience)
	if len(of) == 0 {
		of = t.Tokens.Audiences
	}
	wanted, ok := authenticator.AudiencesFrom(ctx)
	if !ok {
		wanted = t.Tokens.Audiences
	}
	both := of.Intersect(wanted)
	if len(both) == 0 {
		return nil, fmt.Errorf("token audiences %q is invalid for the target audiences %q", of, wanted)
	}
	return both, nil
}

// checkTimes checks the validity period. It tolerates clocks that differ by one
// minute.
func checkTimes(claims *serviceaccount.Claims, now time.Time) error {
	switch err := claims.Claims.Validate(jwt.Expected{Time: now}); {
	case err == nil:
		return nil
	case errors.Is(err, jwt.ErrExpired):
		return errors.New("service account token has expired")
	case errors.Is(err, jwt.ErrNotValidYet):
		return errors.New("service account token is not valid yet")
	case errors.Is(err, jwt.ErrIssuedInTheFuture):
		return errors.New("service account token is issued in the future")
	default:
		return errors.New("service account token is not valid")
	}
}

var errInvalidated = errors.New("service account token has been invalidated")

// lookup returns an object for which judge returns nil. The watch cache may be
// slightly out of date. So if judge refuses the object from the cache, lookup
// reads it from etcd and asks again.
func lookup[T objects.Object](ctx context.Context, from *objects.Access, resource, namespace, name string, judge func(T) error) (none T, _ error) {
	gr := corev1.Resource(resource)
	obj, err := objects.Get[T](ctx, from, gr, namespace, name)
	if err != nil {
		return none, err
	}
	if judge(obj) == nil {
		return obj, nil
	}
	if obj, err = objects.GetLive[T](ctx, from, gr, namespace, name); err != nil {
		return none, err
	}
	return obj, judge(obj)
}
