// Package serviceaccount authenticates the tokens of service accounts: those of
// the TokenRequest API, which are bound to a pod, a secret or a node, and the
// legacy ones in secrets.
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

// Config is what the authenticator works with.
type Config struct {
	Tokens *serviceaccount.Tokens
	// Objects has the service accounts and what tokens are bound to.
	Objects *objects.Access
	// Client notes in secrets when their tokens were used.
	Client kubernetes.Interface
	// SkipLegacyLookup accepts legacy tokens although their secret or service
	// account may be gone.
	SkipLegacyLookup bool
}

// New returns the authenticator. The signature of a token is verified once and
// then remembered, but the objects that it names are looked up for every
// request, in the watch cache: a token ends with them.
func New(c Config) authenticator.Token {
	registerMetrics()
	return &tokens{Config: c, use: lastUse{client: c.Client}, now: time.Now}
}

type tokens struct {
	Config
	use lastUse
	now func() time.Time
}

// AuthenticateToken implements authenticator.Token. A token of another issuer is
// not an error, it is for others to judge.
func (t *tokens) AuthenticateToken(ctx context.Context, token string) (*authenticator.Response, bool, error) {
	claims, err := t.Tokens.Verify(token)
	if claims == nil || err != nil {
		return nil, false, err
	}
	legacy := claims.IsLegacy()
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

// audiences returns which of the audiences that are asked for the token is for.
// One that does not say is for the API server.
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

// checkTimes allows for clocks that differ by a minute.
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

// lookup returns an object that satisfies judge. When the one in the watch cache
// does not, it may be a moment old: then etcd decides.
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
