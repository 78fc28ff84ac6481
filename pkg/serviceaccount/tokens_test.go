package serviceaccount

import (
	"crypto"
	"crypto/elliptic"
	"encoding/base64"
	"path/filepath"
	"strings"
	"testing"
	"time"

	jose "gopkg.in/go-jose/go-jose.v2"
	"gopkg.in/go-jose/go-jose.v2/jwt"
)

// forge signs claims with any key, algorithm and key id.
func forge(t *testing.T, algorithm jose.SignatureAlgorithm, key any, id string, claims any) string {
	t.Helper()
	options := &jose.SignerOptions{}
	if id != "" {
		options = options.WithHeader("kid", id)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, options)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestVerifyRefusesForgeries(t *testing.T) {
	ours, theirs, r := ecKey(t, elliptic.P256()), ecKey(t, elliptic.P256()), rsaKey(t)
	dir := t.TempDir()
	keys := keysOf(t, write(t, filepath.Join(dir, "key"), privatePEM(t, ours)), write(t, filepath.Join(dir, "rsa"), publicPEM(t, r)))
	tokens := New(Config{Keys: keys, Issuers: []string{DefaultIssuer, "https://old.example.com"}})
	id := func(key crypto.Signer) string {
		k, err := newKey(key.Public())
		if err != nil {
			t.Fatal(err)
		}
		return k.id
	}
	claims := jwt.Claims{Issuer: DefaultIssuer, Subject: "s"}
	good := forge(t, jose.ES256, ours, id(ours), claims)
	parts := strings.Split(good, ".")
	raw := base64.RawURLEncoding.EncodeToString
	none := raw([]byte(`{"alg":"none"}`)) + "." + parts[1] + "."
	full, err := jose.ParseSigned(good)
	if err != nil {
		t.Fatal(err)
	}

	for _, test := range []struct {
		name, token string
		ours, good  bool
	}{
		{"ours", good, true, true},
		{"without a key id", forge(t, jose.ES256, ours, "", claims), true, true},
		{"RSA", forge(t, jose.RS256, r, id(r), claims), true, true},
		{"RS512", forge(t, jose.RS512, r, id(r), claims), true, true},
		{"an older issuer", forge(t, jose.ES256, ours, id(ours), jwt.Claims{Issuer: "https://old.example.com"}), true, true},
		{"the legacy issuer", forge(t, jose.ES256, ours, id(ours), jwt.Claims{Issuer: LegacyIssuer}), true, true},
		{"another issuer", forge(t, jose.ES256, ours, id(ours), jwt.Claims{Issuer: "https://other.example.com"}), false, false},
		{"no issuer", forge(t, jose.ES256, ours, id(ours), jwt.Claims{}), false, false},
		{"another key", forge(t, jose.ES256, theirs, "", claims), true, false},
		{"another key with our id", forge(t, jose.ES256, theirs, id(ours), claims), true, false},
		{"an unknown id", forge(t, jose.ES256, ours, "unknown", claims), true, false},
		{"the id of the other key", forge(t, jose.ES256, ours, id(r), claims), true, false},
		{"PS256", forge(t, jose.PS256, r, id(r), claims), true, false},
		{"HMAC with the public key", forge(t, jose.HS256, []byte(publicPEM(t, ours)), id(ours), claims), true, false},
		{"alg none", none, true, false},
		{"no signature", parts[0] + "." + parts[1] + ".", true, false},
		{"changed claims", parts[0] + "." + raw([]byte(`{"iss":"`+DefaultIssuer+`","sub":"system:admin"}`)) + "." + parts[2], true, false},
		{"changed signature", good[:len(good)-4] + "AAAA", true, false},
		{"JSON form", full.FullSerialize(), false, false},
		{"claims that are no object", forge(t, jose.ES256, ours, id(ours), map[string]any{"iss": []string{DefaultIssuer}}), false, false},
		{"bad claims", forge(t, jose.ES256, ours, id(ours), map[string]any{"iss": DefaultIssuer, "exp": "soon"}), true, false},
		{"bad audience", forge(t, jose.ES256, ours, id(ours), map[string]any{"iss": DefaultIssuer, "aud": []int{1}}), true, false},
		{"nothing", "", false, false},
		{"dots", "..", false, false},
		{"noise", "not-a-token", false, false},
	} {
		for range 2 { // the second result comes from the cache
			claims, err := tokens.Verify(t.Context(), test.token)
			if (claims != nil) != test.good || (err != nil) != (test.ours && !test.good) {
				t.Errorf("%s: accepted %v, error %v", test.name, claims != nil, err)
			}
			if err != nil && strings.Contains(err.Error(), parts[1]) {
				t.Errorf("%s: the error has the token: %v", test.name, err)
			}
		}
	}
}

func TestVerifiedTokensAreForgotten(t *testing.T) {
	tokens := New(Config{Keys: keysOf(t, write(t, filepath.Join(t.TempDir(), "key"), privatePEM(t, ecKey(t, elliptic.P256())))), Issuers: []string{"https://a"}})
	for _, test := range []struct {
		expires time.Duration
		known   bool
	}{{time.Hour, true}, {-time.Hour, false}, {0, true}} {
		claims := &Claims{}
		if test.expires != 0 {
			claims.Expiry = jwt.NewNumericDate(time.Now().Add(test.expires))
		}
		token, err := tokens.Sign(t.Context(), claims)
		if err != nil {
			t.Fatal(err)
		}
		before := len(tokens.verified.Keys())
		if _, err := tokens.Verify(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		if known := len(tokens.verified.Keys()) > before; known != test.known {
			t.Errorf("a token that expires in %v: remembered %v", test.expires, known)
		}
	}
	for _, key := range tokens.verified.Keys() {
		if _, ok := key.([32]byte); !ok {
			t.Errorf("remembered by a %T", key)
		}
	}
}

func TestCheckDiscoverable(t *testing.T) {
	for issuer, want := range map[string]bool{
		DefaultIssuer: true, "https://example.com:8443/a/b": true,
		"http://example.com": false, "https://example.com?a=b": false, "https://example.com?": false,
		"https://example.com#x": false, "https://": false, "kubernetes": false, "": false, "https://exa mple.com": false, ":": false,
	} {
		if err := CheckDiscoverable(issuer); (err == nil) != want {
			t.Errorf("%q: %v", issuer, err)
		}
	}
}

func BenchmarkVerifyUnknown(b *testing.B) {
	tokens := New(Config{Keys: keysOf(b, write(b, filepath.Join(b.TempDir(), "key"), privatePEM(b, ecKey(b, elliptic.P256())))), Issuers: []string{"https://a"}})
	token, err := tokens.Sign(b.Context(), &Claims{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		tokens.verified.RemoveAll(func(any) bool { return true })
		if _, err := tokens.Verify(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}
