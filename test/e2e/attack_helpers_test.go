package e2e

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	jose "gopkg.in/go-jose/go-jose.v2"
	"gopkg.in/go-jose/go-jose.v2/jwt"
	"k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/pki"
)

// clientCert is for a member of the groups, by default of system:masters.
func clientCert(name string, notBefore, notAfter time.Time, groups ...string) *x509.Certificate {
	if groups == nil {
		groups = []string{"system:masters"}
	}
	return &x509.Certificate{
		SerialNumber: big.NewInt(notAfter.UnixNano()),
		Subject:      pkix.Name{CommonName: name, Organization: groups},
		NotBefore:    notBefore, NotAfter: notAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
}

// issue signs a certificate with a CA, or with itself for an empty one.
func issue(t testing.TB, ca pki.Pair, template *x509.Certificate) pki.Pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	testutil.Check(t, err)
	parent, signer := template, crypto.Signer(key)
	if ca.CertFile != "" {
		certs, err := cert.CertsFromFile(ca.CertFile)
		testutil.Check(t, err)
		private, err := keyutil.PrivateKeyFromFile(ca.KeyFile)
		testutil.Check(t, err)
		parent, signer = certs[0], private.(crypto.Signer)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	testutil.Check(t, err)
	keyPEM, err := keyutil.MarshalPrivateKeyToPEM(key)
	testutil.Check(t, err)
	pair := pki.Pair{CertFile: filepath.Join(t.TempDir(), "tls.crt"), KeyFile: filepath.Join(t.TempDir(), "tls.key")}
	testutil.Check(t, os.WriteFile(pair.CertFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	testutil.Check(t, os.WriteFile(pair.KeyFile, keyPEM, 0o600))
	return pair
}

// signToken signs claims with an ECDSA key.
func signToken(t testing.TB, keyFile string, claims map[string]any) string {
	t.Helper()
	key, err := keyutil.PrivateKeyFromFile(keyFile)
	testutil.Check(t, err)
	return sign(t, jose.ES256, key, claims)
}

// signHMAC signs claims with the content of a public key as a shared secret.
func signHMAC(t testing.TB, publicKeyFile string, claims map[string]any) string {
	t.Helper()
	secret, err := os.ReadFile(publicKeyFile)
	testutil.Check(t, err)
	return sign(t, jose.HS256, secret, claims)
}

func sign(t testing.TB, algorithm jose.SignatureAlgorithm, key any, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, nil)
	testutil.Check(t, err)
	token, err := jwt.Signed(signer).Claims(claims).CompactSerialize()
	testutil.Check(t, err)
	return token
}
