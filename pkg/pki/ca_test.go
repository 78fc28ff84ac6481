package pki

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
)

// TestCARenewalCutsNobodyOff renews a CA near its end. Clients with the old CA
// certificate accept new certificates, and old client certificates are accepted
// by the new one.
func TestCARenewalCutsNobodyOff(t *testing.T) {
	dir := t.TempDir()
	p := ensure(t, dir, now, "localhost")
	oldCA, oldAdmin, keys := parse(t, p.CA.CertFile), parse(t, p.Admin.CertFile), read(t, p.CA.KeyFile)

	soon := now.Add(caValidity - caValidity/lastPart - time.Hour)
	ensure(t, dir, soon, "localhost")
	if !parse(t, p.CA.CertFile).Equal(oldCA) {
		t.Error("the CA was renewed an hour too early")
	}
	later := soon.Add(2 * time.Hour)
	ensure(t, dir, later, "localhost")
	newCA := parse(t, p.CA.CertFile)
	if newCA.Equal(oldCA) || !newCA.NotAfter.After(later.Add(caValidity-time.Hour)) {
		t.Errorf("the CA was not renewed: it expires at %v", newCA.NotAfter)
	}
	if read(t, p.CA.KeyFile) != keys {
		t.Error("the CA has another key")
	}
	verify(t, oldCA, parse(t, p.Serving.CertFile), later)
	verify(t, newCA, parse(t, p.Serving.CertFile), later)
	verify(t, newCA, oldAdmin, now.Add(time.Hour)) // a certificate of that time; the new CA is not valid then
}

// TestOwnCA uses the CA of a user: with an RSA key, another subject and a short
// validity. It is renewed as it is; one that another CA has signed is left alone.
func TestOwnCA(t *testing.T) {
	root, rootKey := makeCA(t, "root", nil, nil)
	for _, test := range []struct {
		name      string
		parent    *x509.Certificate
		parentKey crypto.Signer
		after     time.Duration
		renewed   bool
	}{
		{name: "used", after: time.Hour},
		{name: "renewed", after: 29 * 24 * time.Hour, renewed: true},
		{name: "renewed after its end", after: 60 * 24 * time.Hour, renewed: true},
		{name: "intermediate", parent: root, parentKey: rootKey, after: 29 * 24 * time.Hour},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "pki")
			ca, key := makeCA(t, "mine", test.parent, test.parentKey)
			keyPEM := pem.EncodeToMemory(&pem.Block{Type: keyutil.RSAPrivateKeyBlockType, Bytes: x509.MarshalPKCS1PrivateKey(key)})
			certPEM, err := cert.EncodeCertificates(ca, root)
			if err != nil {
				t.Fatal(err)
			}
			for name, data := range map[string][]byte{"ca.crt": certPEM, "ca.key": keyPEM} {
				if err := os.MkdirAll(dir, 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			at := now.Add(test.after)
			p := ensure(t, dir, at, "localhost")
			got := parse(t, p.CA.CertFile)
			if got.Equal(ca) == test.renewed {
				t.Errorf("renewed: %v", !got.Equal(ca))
			}
			if got.Subject.CommonName != "mine" || read(t, p.CA.KeyFile) != string(keyPEM) || string(got.SubjectKeyId) != string(ca.SubjectKeyId) {
				t.Errorf("the CA is another one: %v", got.Subject)
			}
			if test.renewed && validity(got).Round(time.Hour) != validity(ca).Round(time.Hour) {
				t.Errorf("it is valid for %v, before for %v", validity(got), validity(ca))
			}
			if all, err := cert.CertsFromFile(p.CA.CertFile); err != nil || len(all) != 2 || !all[1].Equal(root) {
				t.Errorf("the second certificate of the file is gone: %d, %v", len(all), err)
			}
			serving := parse(t, p.Serving.CertFile)
			verify(t, got, serving, at)
			if serving.NotAfter.After(got.NotAfter) {
				t.Errorf("the serving certificate expires at %v, its CA before, at %v", serving.NotAfter, got.NotAfter)
			}
		})
	}
}

// TestLoneCAKey removes the certificate of a CA: it is made again for the key, so
// that existing certificates stay valid.
func TestLoneCAKey(t *testing.T) {
	dir := t.TempDir()
	p := ensure(t, dir, now, "localhost")
	ca, admin, key := parse(t, p.CA.CertFile), read(t, p.Admin.CertFile), read(t, p.CA.KeyFile)
	if err := os.Remove(p.CA.CertFile); err != nil {
		t.Fatal(err)
	}
	ensure(t, dir, now, "localhost")
	if parse(t, p.CA.CertFile).Equal(ca) || read(t, p.CA.KeyFile) != key || read(t, p.Admin.CertFile) != admin {
		t.Error("a new certificate for the same CA was expected")
	}
	verify(t, parse(t, p.CA.CertFile), parse(t, p.Admin.CertFile), now)
	verify(t, ca, parse(t, p.Serving.CertFile), now)
}

func parse(t *testing.T, file string) *x509.Certificate {
	t.Helper()
	certs, err := cert.ParseCertsPEM([]byte(read(t, file)))
	if err != nil {
		t.Fatal(err)
	}
	return certs[0]
}

func verify(t *testing.T, ca, leaf *x509.Certificate, at time.Time) {
	t.Helper()
	if err := leaf.CheckSignatureFrom(ca); err != nil {
		t.Error(err)
	}
	if string(leaf.AuthorityKeyId) != string(ca.SubjectKeyId) || string(leaf.RawIssuer) != string(ca.RawSubject) {
		t.Error("the certificate names another CA")
	}
	if at.Before(ca.NotBefore) {
		return
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
		t.Error(err)
	}
}

// makeCA returns a CA that is valid for 30 days.
func makeCA(t *testing.T, name string, parent *x509.Certificate, parentKey crypto.Signer) (*x509.Certificate, *rsa.PrivateKey) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	var by *authority
	if parent != nil {
		by = &authority{parent, parentKey}
	}
	ca, err := sign(x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, SubjectKeyId: []byte(name),
		KeyUsage: x509.KeyUsageCertSign}, key, by, now, 30*24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return ca, key
}
