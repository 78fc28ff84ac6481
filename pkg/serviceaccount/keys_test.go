package serviceaccount

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gopkg.in/go-jose/go-jose.v2/jwt"

	"github.com/gatehouse-k8s/gatehouse/pkg/pki"
)

func ecKey(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func rsaKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func block(t testing.TB, kind string, der []byte, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func publicPEM(t testing.TB, key crypto.Signer) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	return block(t, "PUBLIC KEY", der, err)
}

func privatePEM(t testing.TB, key crypto.Signer) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	return block(t, "PRIVATE KEY", der, err)
}

func write(t testing.TB, name string, contents ...string) string {
	t.Helper()
	if err := os.WriteFile(name, []byte(strings.Join(contents, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func keysOf(t testing.TB, signing string, verification ...string) *Keys {
	t.Helper()
	keys, err := ReadKeys(signing, verification...)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestSigningKeys(t *testing.T) {
	ec, r := ecKey(t, elliptic.P256()), rsaKey(t)
	ecDER, err := x509.MarshalECPrivateKey(ec)
	for _, test := range []struct {
		name, pem, algorithm string
		key                  crypto.Signer
	}{
		{"EC", block(t, "EC PRIVATE KEY", ecDER, err), "ES256", ec},
		{"PKCS8", privatePEM(t, ec), "ES256", ec},
		{"RSA", block(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(r), nil), "RS256", r},
		{"RSA in PKCS8", privatePEM(t, r), "RS256", r},
	} {
		checkSigning(t, test.name, test.pem, test.algorithm, test.key)
	}
	for algorithm, curve := range map[string]elliptic.Curve{"ES384": elliptic.P384(), "ES512": elliptic.P521()} {
		key := ecKey(t, curve)
		checkSigning(t, algorithm, privatePEM(t, key), algorithm, key)
	}
}

func checkSigning(t *testing.T, name, pem, algorithm string, key crypto.Signer) {
	t.Helper()
	tokens := New(Config{Keys: keysOf(t, write(t, filepath.Join(t.TempDir(), "sa.key"), pem)), Issuers: []string{DefaultIssuer}})
	token, err := tokens.Sign(t.Context(), &Claims{Claims: jwt.Claims{Subject: "someone"}})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	parsed, err := jwt.ParseSigned(token)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(der)
	if h := parsed.Headers[0]; h.Algorithm != algorithm || h.KeyID != base64.RawURLEncoding.EncodeToString(digest[:]) {
		t.Errorf("%s: header %+v", name, h)
	}
	if claims, err := tokens.Verify(t.Context(), token); err != nil || claims == nil || claims.Subject != "someone" || claims.Issuer != DefaultIssuer {
		t.Errorf("%s: %v, %v", name, claims, err)
	}
}

func TestVerificationKeyFiles(t *testing.T) {
	dir := t.TempDir()
	signer, a, b, c := ecKey(t, elliptic.P256()), ecKey(t, elliptic.P256()), rsaKey(t), ecKey(t, elliptic.P384())
	cert, certKey, err := pki.SelfSigned("sa", time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	keys := keysOf(t, write(t, filepath.Join(dir, "signing"), privatePEM(t, signer)),
		write(t, filepath.Join(dir, "several"), publicPEM(t, a), publicPEM(t, b), string(cert)),
		write(t, filepath.Join(dir, "private"), privatePEM(t, c)),
		write(t, filepath.Join(dir, "own"), publicPEM(t, signer)))
	verifier := New(Config{Keys: keys, Issuers: []string{DefaultIssuer}})
	for name, pem := range map[string]string{"signer": privatePEM(t, signer), "a": privatePEM(t, a), "b": privatePEM(t, b), "c": privatePEM(t, c),
		"certificate": string(certKey)} {
		other := New(Config{Keys: keysOf(t, write(t, filepath.Join(dir, "other"), pem)), Issuers: []string{DefaultIssuer}})
		token, err := other.Sign(t.Context(), &Claims{})
		if err != nil {
			t.Fatal(err)
		}
		if claims, err := verifier.Verify(t.Context(), token); claims == nil || err != nil {
			t.Errorf("a token signed by %s: %v", name, err)
		}
	}
	if n := len(keys.get().keys); n != 5 {
		t.Errorf("%d keys: one is in two files and counts once", n)
	}
}

func TestBadKeyFiles(t *testing.T) {
	dir := t.TempDir()
	key := ecKey(t, elliptic.P256())
	good := write(t, filepath.Join(dir, "good"), privatePEM(t, key))
	p224 := write(t, filepath.Join(dir, "p224"), privatePEM(t, ecKey(t, elliptic.P224())))
	empty := write(t, filepath.Join(dir, "empty"))
	public := write(t, filepath.Join(dir, "public"), publicPEM(t, key))
	for _, files := range [][]string{{"/no/such/file"}, {good, "/no/such/file"}, {empty}, {good, empty}, {public}, {p224}, {good, p224}} {
		if _, err := ReadKeys(files[0], files[1:]...); err == nil || !strings.Contains(err.Error(), files[len(files)-1]) {
			t.Errorf("%v: error %v does not name the file", files, err)
		}
	}
}

func TestRotation(t *testing.T) {
	dir := t.TempDir()
	older, newer := ecKey(t, elliptic.P256()), rsaKey(t)
	signing := write(t, filepath.Join(dir, "sa.key"), privatePEM(t, older))
	public := write(t, filepath.Join(dir, "sa.pub"), publicPEM(t, older))
	keys := keysOf(t, signing, public)
	tokens := New(Config{Keys: keys, Issuers: []string{DefaultIssuer}})
	reload := func(good bool) {
		t.Helper()
		if err := keys.reload(); (err == nil) != good {
			t.Errorf("reading the files again: %v", err)
		}
	}
	sign := func() string {
		token, err := tokens.Sign(t.Context(), &Claims{Claims: jwt.Claims{ID: "x"}})
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	check := func(when, token string, want bool) {
		t.Helper()
		if claims, err := tokens.Verify(t.Context(), token); (claims != nil && err == nil) != want {
			t.Errorf("%s: accepted %v, %v", when, claims != nil, err)
		}
	}
	first := sign()
	check("before", first, true)

	write(t, public, publicPEM(t, older), publicPEM(t, newer))
	write(t, signing, privatePEM(t, newer))
	reload(true)
	second := sign()
	check("after the rotation, a token of the old key", first, true)
	check("after the rotation, a token of the new key", second, true)
	if set := keys.get(); len(set.keys) != 2 || !strings.Contains(mustJWKS(t, tokens), `"RS256"`) {
		t.Errorf("the keys are not published: %s", mustJWKS(t, tokens))
	}
	write(t, public, "garbage")
	reload(false)
	check("with a damaged file, the old key", first, true)
	check("with a damaged file, the new key", second, true)

	write(t, public, publicPEM(t, newer))
	reload(true)
	check("without the old key", first, false)
	check("without the old key", second, true)
}

func mustJWKS(t *testing.T, tokens *Tokens) string {
	t.Helper()
	data, err := tokens.JWKS()
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
