// Package serviceaccount issues the tokens of service accounts and verifies
// their signatures. Whether the objects that a token names still exist is the
// business of pkg/authentication/serviceaccount.
package serviceaccount

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	jose "gopkg.in/go-jose/go-jose.v2"
	"gopkg.in/go-jose/go-jose.v2/jwt"
	"k8s.io/apimachinery/pkg/util/cache"
)

// DefaultIssuer issues tokens unless --service-account-issuer says otherwise.
const DefaultIssuer = "https://kubernetes.default.svc"

const (
	// ExtendableSeconds is the life for which the ServiceAccount admission
	// plugin asks: the odd seconds tell its requests from others.
	ExtendableSeconds = 60*60 + 7
	// ExtendedLife is how long such a token lives with Config.ExtendExpiration.
	ExtendedLife = 365 * 24 * time.Hour

	// remembered is how many tokens are known by their hash: some megabytes.
	remembered = 8192
	// rememberedFor is how long a token is known that does not expire.
	rememberedFor = time.Hour
)

// Config is how tokens are issued and which are accepted.
type Config struct {
	Keys *Keys
	// Issuers are accepted; the first is the one that issues.
	Issuers []string
	// Audiences are those of the API server. A token gets them when none are
	// asked for.
	Audiences []string
	// MaxExpiration bounds the life of a token; 0: no bound.
	MaxExpiration time.Duration
	// ExtendExpiration lets the tokens that kubelets put into pods live for a
	// year, for clients that do not read them again.
	ExtendExpiration bool
}

// Tokens issues and verifies tokens.
type Tokens struct {
	Config
	// verified has the claims of tokens whose signature was verified, by a
	// digest of the token: it holds no credentials.
	verified *cache.LRUExpireCache
}

// verified are the claims of a token and the keys at the time.
type verified struct {
	claims *Claims
	keys   *keySet
}

// New makes Tokens of a configuration with at least one issuer.
func New(c Config) *Tokens {
	return &Tokens{Config: c, verified: cache.NewLRUExpireCache(remembered)}
}

// Issuer is the one that issues.
func (t *Tokens) Issuer() string { return t.Issuers[0] }

// Sign makes a token of the claims. Without an issuer they get Issuer.
func (t *Tokens) Sign(claims *Claims) (string, error) {
	signed := *claims
	if signed.Issuer == "" {
		signed.Issuer = t.Issuer()
	}
	return jwt.Signed(t.Keys.get().signer).Claims(signed).CompactSerialize()
}

// Verify returns the claims of a token that one of the keys has signed; they
// must not be changed. Nothing else about them is checked, not even the times.
// Without claims and without an error the token is not of one of our issuers.
// Errors do not contain the token.
func (t *Tokens) Verify(token string) (*Claims, error) {
	digest, keys := sha256.Sum256([]byte(token)), t.Keys.get()
	if known, ok := t.verified.Get(digest); ok && known.(verified).keys == keys {
		return known.(verified).claims, nil
	}
	if strings.Count(token, ".") != 2 || strings.HasPrefix(token, "{") {
		return nil, nil // neither the JSON form: it has headers that are not signed
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

func (t *Tokens) accepts(issuer string) bool {
	return issuer == LegacyIssuer || slices.Contains(t.Issuers, issuer)
}

func verify(token *jwt.JSONWebToken, keys *keySet) (*Claims, error) {
	header := token.Headers[0]
	candidates := keys.candidates(header.KeyID, jose.SignatureAlgorithm(header.Algorithm))
	if len(candidates) == 0 {
		return nil, errors.New("no service account key fits the token's key id and algorithm")
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
