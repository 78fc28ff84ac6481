package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"

	"k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
)

// PublicKeyPEM encodes the public part of a key in PEM.
func PublicKeyPEM(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
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
	ca, key, err := p.CA.load()
	if err != nil {
		return nil, nil, err
	}
	if ca == nil {
		return nil, nil, fmt.Errorf("%s is missing", p.CA.CertFile)
	}
	template := servingTemplate(hosts)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	if len(hosts) > 0 {
		template.Subject.CommonName = hosts[0]
	}
	signed, leafKey, err := sign(template, &authority{ca, key}, now, leafValidity)
	if err != nil {
		return nil, nil, err
	}
	return encode(signed, leafKey)
}

// sign creates a key and a certificate for it. If ca is nil, the certificate is
// self-signed.
func sign(template x509.Certificate, ca *authority, now time.Time, validity time.Duration) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)); err != nil {
		return nil, nil, err
	}
	// Tolerate that the clocks of clients on other machines are a little slow.
	template.NotBefore, template.NotAfter = now.Add(-5*time.Minute).UTC(), now.Add(validity).UTC()
	if ca == nil {
		ca = &authority{&template, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, ca.cert, &key.PublicKey, ca.key)
	if err != nil {
		return nil, nil, err
	}
	signed, err := x509.ParseCertificate(der)
	return signed, key, err
}

func encode(signed *x509.Certificate, key *ecdsa.PrivateKey) (certPEM, keyPEM []byte, err error) {
	if keyPEM, err = keyutil.MarshalPrivateKeyToPEM(key); err != nil {
		return nil, nil, err
	}
	certPEM, err = cert.EncodeCertificates(signed)
	return certPEM, keyPEM, err
}
