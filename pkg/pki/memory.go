package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"time"

	"k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
)

// publicKeyPEM encodes a public key in PEM.
func publicKeyPEM(key crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: keyutil.PublicKeyBlockType, Bytes: der}), nil
}

// SelfSigned returns a self-signed certificate for one DNS name and its key,
// both in PEM. It writes no file.
func SelfSigned(name string, now time.Time, validity time.Duration) (certPEM, keyPEM []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := x509.Certificate{
		SerialNumber:          big.NewInt(now.UnixNano()),
		Subject:               pkix.Name{CommonName: name},
		DNSNames:              []string{name},
		NotBefore:             now.Add(-time.Minute),
		NotAfter:              now.Add(validity),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		return nil, nil, err
	}
	keyPEM, err = keyutil.MarshalPrivateKeyToPEM(key)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), keyPEM, err
}

// IssueServing returns a serving certificate for the hosts, which is signed by
// the CA and valid for one year, and its key, both in PEM. It writes no file.
func (p *PKI) IssueServing(now time.Time, hosts ...string) (certPEM, keyPEM []byte, err error) {
	template := servingTemplate(hosts)
	if len(hosts) > 0 {
		template.Subject.CommonName = hosts[0]
	}
	return p.issueInMemory(template, now, leafValidity)
}

// IssueClient returns a client certificate for a user, which is signed by the CA,
// and its key, both in PEM. It writes no file. The certificate ends with the CA's
// if that comes first.
func (p *PKI) IssueClient(now time.Time, validity time.Duration, user string, groups ...string) (certPEM, keyPEM []byte, err error) {
	return p.issueInMemory(clientTemplate(user, groups...), now, validity)
}

// issueInMemory creates a key and signs a certificate for it.
func (p *PKI) issueInMemory(template x509.Certificate, now time.Time, validity time.Duration) (certPEM, keyPEM []byte, err error) {
	cas, caKey, err := p.load(p.CA, restoreCA)
	if err != nil {
		return nil, nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	signed, err := sign(template, key, &authority{cas[0], caKey}, now, min(validity, cas[0].NotAfter.Sub(now)))
	if err != nil {
		return nil, nil, err
	}
	if keyPEM, err = keyutil.MarshalPrivateKeyToPEM(key); err != nil {
		return nil, nil, err
	}
	certPEM, err = cert.EncodeCertificates(signed)
	return certPEM, keyPEM, err
}

// sign creates a certificate for a key, which is valid from now on. If ca is nil, the
// certificate is self-signed.
func sign(template x509.Certificate, key crypto.Signer, ca *authority, now time.Time, validity time.Duration) (*x509.Certificate, error) {
	// Tolerate that the clocks of clients on other machines are a little slow.
	template.NotBefore, template.NotAfter = now.Add(-5*time.Minute).UTC(), now.Add(validity).UTC()
	if ca == nil {
		ca = &authority{&template, key}
	}
	return create(template, key.Public(), ca)
}
