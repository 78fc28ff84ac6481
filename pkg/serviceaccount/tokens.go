// Package serviceaccount issues the tokens of service accounts and verifies
// their signatures. pkg/authentication/serviceaccount uses it and checks
// whether the objects that a token names still exist.
package serviceaccount

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gopkg.in/go-jose/go-jose.v2/jwt"
	"k8s.io/apimachinery/pkg/util/cache"
)

// DefaultIssuer is the issuer if --service-account-issuer is not set.
const DefaultIssuer = "https://kubernetes.default.svc"

const (
	// ExtendableSeconds is the lifetime that the admission plugin
	// ServiceAccount requests for the tokens in pods. The seven extra seconds
	// distinguish its requests from others.
	ExtendableSeconds = 60*60 + 7
	// ExtendedLife is the lifetime of such a token if Config.ExtendExpiration
	// is set.
	ExtendedLife = 365 * 24 * time.Hour

	// remembered is the number of verified tokens that are cached; they need
	// some megabytes.
	remembered = 8192
	// rememberedFor is how long a token without an expiration time is cached.
	rememberedFor = time.Hour
)

// Config configures New.
type Config struct {
	// Keys are Keys in files, or an External signer.
	Keys Source
	// Issuers are the accepted issuers; the first one issues new tokens.
	Issuers []string
	// Audiences are the audiences of the API server. They are also the
	// audiences of a new token if none are requested.
	Audiences []string
	// MaxExpiration limits the lifetime of tokens; 0 means no limit.
	MaxExpiration time.Duration
	// ExtendExpiration extends the lifetime of the tokens in pods to one year,
	// for clients that do not reload them.
	ExtendExpiration bool
	// MaxExtension limits that year; 0 means no limit.
	MaxExtension time.Duration
}

// Source has the keys of tokens.
type Source interface {
	// sign returns a token with the claims.
	sign(ctx context.Context, claims *Claims) (string, error)
	// get returns the keys that verify.
	get() *keySet
	// renew returns the keys after an attempt to find newer ones, because a key with
	// an unknown id is asked for.
	renew(ctx context.Context) *keySet
	// maxAge is how long others may keep the documents about the keys.
	maxAge() time.Duration
}

// Tokens issues and verifies tokens.
type Tokens struct {
	Config
	// verified caches the claims of tokens whose signature is valid. Its keys
	// are digests of the tokens, so that it contains no credentials.
	verified *cache.LRUExpireCache
}

// verified contains the claims of a token, and the keys with which it was
// verified.
type verified struct {
	claims *Claims
	keys   *keySet
}

// New returns Tokens for a configuration, which must have at least one issuer.
func New(c Config) *Tokens {
	return &Tokens{Config: c, verified: cache.NewLRUExpireCache(remembered)}
}

// Issuer returns the issuer of new tokens.
func (t *Tokens) Issuer() string { return t.Issuers[0] }

// ExtendedLife returns the lifetime of the tokens in pods if ExtendExpiration is set.
func (t *Tokens) ExtendedLife() time.Duration {
	if t.MaxExtension > 0 {
		return min(ExtendedLife, t.MaxExtension)
	}
	return ExtendedLife
}

// MaxAge returns how long others may keep Configuration and JWKS.
func (t *Tokens) MaxAge() time.Duration { return t.Keys.maxAge() }

// Sign creates a token with the claims. If they have no issuer, it is set to
// Issuer.
func (t *Tokens) Sign(ctx context.Context, claims *Claims) (string, error) {
	signed := *claims
	if signed.Issuer == "" {
		signed.Issuer = t.Issuer()
	}
	return t.Keys.sign(ctx, &signed)
}

// Verify returns the claims of a token that is signed by one of the keys. The
// caller must not change them, and must check everything else, including the
// validity period. If Verify returns neither claims nor an error, the token is
// from another issuer. Errors do not contain the token.
func (t *Tokens) Verify(ctx context.Context, token string) (*Claims, error) {
	digest, keys := sha256.Sum256([]byte(token)), t.Keys.get()
	if known, ok := t.verified.Get(digest); ok && known.(verified).keys == keys {
		return known.(verified).claims, nil
	}
	if strings.Count(token, ".") != 2 || strings.HasPrefix(token, "{") {
		return nil, nil // the JSON serialization is refused, because it has unsigned headers
	}
	parsed, err := jwt.ParseSigned(token)
	if err != nil || len(parsed.Headers) != 1 {
		return nil, nil
	}
	var from struct {
		Issuer string `json:"iss"`
	}
	if err := parsed.UnsafeClaimsWithoutVerification(&from); err != nil || !t.accepts(from.Issuer) {
		return nil, nil
	}
	if len(keys.fitting(parsed)) == 0 {
		keys = t.Keys.renew(ctx)
	}
	claims, err := verify(parsed, keys)
	if err != nil {
		return nil, err
	}
	ttl := rememberedFor
	if claims.Expiry != nil {
		ttl = time.Until(claims.Expiry.Time()) + jwt.DefaultLeeway
	}
	if ttl > 0 {
		t.verified.Add(digest, verified{claims, keys}, ttl)
	}
	return claims, nil
}

// IsLegacy reports whether the claims have to be those of a token that is stored
// in a secret. All tokens of the legacy issuer are, as in kube-apiserver; only if
// --service-account-issuer names that issuer as well, it can issue bound tokens.
func (t *Tokens) IsLegacy(claims *Claims) bool {
	return claims.Issuer == LegacyIssuer && (claims.Kubernetes == nil || !slices.Contains(t.Issuers, LegacyIssuer))
}

func (t *Tokens) accepts(issuer string) bool {
	return issuer == LegacyIssuer || slices.Contains(t.Issuers, issuer)
}

func verify(token *jwt.JSONWebToken, keys *keySet) (*Claims, error) {
	candidates := keys.fitting(token)
	if len(candidates) == 0 {
		return nil, errors.New("no service account key matches the token's key id and algorithm")
	}
	var errs []error
	for _, k := range candidates {
		claims := &Claims{}
		err := token.Claims(k.public, claims)
		if err == nil {
			return claims, nil
		}
		errs = append(errs, err)
	}
	return nil, fmt.Errorf("the service account token could not be validated: %w", errors.Join(errs...))
}
