// Package pki creates and renews the certificates and keys of a server whose
// flags do not name any: a CA, the serving certificate, the administrator's
// client certificate, the CA and the client certificate of the front proxy, and
// the service account key. All keys are ECDSA P-256 keys. Only the owner of the
// files can read them.
package pki

import (
	"crypto/ecdsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"
)

const (
	caValidity   = 10 * 365 * 24 * time.Hour
	leafValidity = 365 * 24 * time.Hour
	// renewBefore is the remaining validity below which the next start renews a
	// certificate.
	renewBefore = 30 * 24 * time.Hour
)

// PKI contains the paths of the files in a directory.
type PKI struct {
	dir string

	CA, Serving, Admin             Pair
	FrontProxyCA, FrontProxyClient Pair
	ServiceAccountKey              string
	ServiceAccountPublicKey        string
}

// Pair contains the file names of a certificate and its key.
type Pair struct {
	CertFile, KeyFile string
}

// Request describes what Ensure has to provide.
type Request struct {
	// Hosts are the DNS names and IP addresses for which the serving
	// certificate must be valid.
	Hosts []string
	// Now is the current time.
	Now time.Time
}

// Ensure creates the files that are missing in dir, and renews certificates
// that expire soon or are not valid for all hosts. It does not change other
// files. If a file is damaged, it returns an error that names the file and does
// not overwrite it.
func Ensure(dir string, req Request) (*PKI, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("certificate directory: %w", err)
	}
	p := &PKI{dir: dir, ServiceAccountKey: filepath.Join(dir, "sa.key"), ServiceAccountPublicKey: filepath.Join(dir, "sa.pub")}
	p.CA, p.Serving, p.Admin = p.pair("ca"), p.pair("apiserver"), p.pair("admin")
	p.FrontProxyCA, p.FrontProxyClient = p.pair("front-proxy-ca"), p.pair("front-proxy-client")

	ca, err := ensureCA(p.CA, "gatehouse", req.Now)
	if err != nil {
		return nil, err
	}
	frontProxyCA, err := ensureCA(p.FrontProxyCA, "gatehouse-front-proxy", req.Now)
	if err != nil {
		return nil, err
	}
	for _, leaf := range []struct {
		pair Pair
		ca   *authority
		cert x509.Certificate
	}{
		{p.Serving, ca, servingTemplate(req.Hosts)},
		{p.Admin, ca, clientTemplate("kubernetes-admin", "system:masters")},
		{p.FrontProxyClient, frontProxyCA, clientTemplate("front-proxy-client")},
	} {
		if err := ensureLeaf(leaf.pair, leaf.ca, leaf.cert, req.Now); err != nil {
			return nil, err
		}
	}
	return p, ensureServiceAccountKey(p.ServiceAccountKey, p.ServiceAccountPublicKey)
}

func (p *PKI) pair(name string) Pair {
	return Pair{filepath.Join(p.dir, name+".crt"), filepath.Join(p.dir, name+".key")}
}

func servingTemplate(hosts []string) x509.Certificate {
	cert := x509.Certificate{
		Subject:     pkix.Name{CommonName: "kube-apiserver"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			cert.IPAddresses = append(cert.IPAddresses, ip)
		} else if host != "" {
			cert.DNSNames = append(cert.DNSNames, host)
		}
	}
	return cert
}

func clientTemplate(name string, groups ...string) x509.Certificate {
	return x509.Certificate{
		Subject:     pkix.Name{CommonName: name, Organization: groups},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
}

// authority is a CA certificate with its key.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func ensureCA(pair Pair, name string, now time.Time) (*authority, error) {
	cert, key, err := pair.load()
	if err != nil {
		return nil, err
	}
	if cert != nil && now.Add(renewBefore).Before(cert.NotAfter) {
		return &authority{cert, key}, nil
	}
	template := x509.Certificate{
		Subject:               pkix.Name{CommonName: name},
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	cert, key, err = pair.issue(template, nil, now, caValidity)
	return &authority{cert, key}, err
}

func ensureLeaf(pair Pair, ca *authority, template x509.Certificate, now time.Time) error {
	cert, _, err := pair.load()
	if err != nil {
		return err
	}
	if cert != nil && now.Add(renewBefore).Before(cert.NotAfter) && cert.CheckSignatureFrom(ca.cert) == nil && covers(cert, template) {
		return nil
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	_, _, err = pair.issue(template, ca, now, leafValidity)
	return err
}

// covers reports whether a certificate is valid for all hosts of a template.
func covers(cert *x509.Certificate, template x509.Certificate) bool {
	for _, name := range template.DNSNames {
		if cert.VerifyHostname(name) != nil {
			return false
		}
	}
	for _, ip := range template.IPAddresses {
		if cert.VerifyHostname(ip.String()) != nil {
			return false
		}
	}
	return true
}
