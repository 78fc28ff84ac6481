package pki

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"math/big"
)

// Sign signs a certificate for the owner of a key with the CA, as it is at this
// moment. The template has everything but the serial number; the certificate ends no
// later than the CA.
func (p *PKI) Sign(template x509.Certificate, public crypto.PublicKey) (*x509.Certificate, error) {
	cas, key, err := p.load(p.CA, restoreCA)
	if err != nil {
		return nil, err
	}
	if template.NotAfter.After(cas[0].NotAfter) {
		template.NotAfter = cas[0].NotAfter
	}
	return create(template, public, &authority{cas[0], key})
}

// create creates a certificate with a random serial number.
func create(template x509.Certificate, public crypto.PublicKey, ca *authority) (*x509.Certificate, error) {
	var err error
	if template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)); err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, ca.cert, public, ca.key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}
