package pki

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"time"

	"k8s.io/klog/v2"
)

// authority is a CA certificate with its key.
type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// ensureCA returns the CA of a pair. It creates the CA if there is none, and
// renews the certificate near its end, with the same subject and the same key.
// A certificate that another CA has signed is the user's and is not renewed.
// Further certificates in the file stay there.
func (p *PKI) ensureCA(pair Pair, name string, now time.Time) (ca *authority, written bool, err error) {
	certs, key, err := p.load(pair, restoreCA)
	if err != nil {
		return nil, false, err
	}
	if len(certs) == 0 {
		if key != nil {
			klog.Warningf("%s was missing: it is created again for %s. Clients that trusted a certificate with another subject need this one.",
				pair.CertFile, pair.KeyFile)
		}
		template := x509.Certificate{
			Subject:               pkix.Name{CommonName: name},
			IsCA:                  true,
			BasicConstraintsValid: true,
			KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		}
		ca, err = p.issue(pair, key, template, nil, now, caValidity)
		return ca, true, err
	}
	cert := certs[0]
	if !nearEnd(cert, now) {
		return &authority{cert, key}, false, nil
	}
	if !bytes.Equal(cert.RawIssuer, cert.RawSubject) {
		klog.Warningf("The CA in %s expires at %v, and the server cannot renew it, because another CA has signed it. "+
			"Replace it before: afterwards no client can connect.", pair.CertFile, cert.NotAfter)
		return &authority{cert, key}, false, nil
	}
	template := *cert
	template.SignatureAlgorithm = x509.UnknownSignatureAlgorithm // that is, the one that fits the key
	ca, err = p.issue(pair, key, template, nil, now, validity(cert), certs[1:]...)
	if err == nil {
		klog.Warningf("The CA in %s expires at %v. It has been renewed with the same key until %v: existing client certificates stay valid, and clients that "+
			"have the old CA certificate, for example in a kubeconfig, can connect until it expires. Give them the new one before.",
			pair.CertFile, cert.NotAfter, ca.cert.NotAfter)
	}
	return ca, true, err
}
