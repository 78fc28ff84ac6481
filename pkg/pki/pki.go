// Package pki creates and renews the certificates and keys of a server whose
// flags do not name any: a CA, the serving certificate, the administrator's
// client certificate, the CA and the client certificate of the front proxy, and
// the service account key. The keys are ECDSA P-256 keys, unless the user has
// put others there. Only the owner of the files can read them.
//
// A certificate is always renewed with the key that it has. So a renewal
// replaces one file, atomically, and a client that knows the CA stays connected
// when the CA is renewed: its subject and its key are the same. A key whose
// certificate is missing, because a crash came between the two files, gets a
// certificate at the next start.
package pki

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"path/filepath"
	"time"
)

const (
	caValidity   = 10 * 365 * 24 * time.Hour
	leafValidity = 365 * 24 * time.Hour
	// lastPart is the part of its validity, one tenth, that a certificate has
	// left when it is renewed.
	lastPart = 10
)

// PKI contains the paths of the files in a directory.
type PKI struct {
	dir   string
	hosts []string
	// write is WriteFile, except in tests that simulate a crash.
	write func(name string, data []byte) error
	// complete is true when all files exist. From then on a missing file is an
	// error: what is renewed while the server runs must not change its identity.
	complete bool

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

	write func(name string, data []byte) error // for tests; nil means WriteFile
}

// Ensure creates the files that are missing in dir, and renews certificates
// that expire soon or are not valid for all hosts. It does not change other
// files, and never a key. If a file is damaged, or if other users can read or
// change the directory or a key, it returns an error that names the file and
// says what to do.
func Ensure(dir string, req Request) (*PKI, error) {
	if err := MakePrivate(dir); err != nil {
		return nil, fmt.Errorf("certificate directory: %w", err)
	}
	p := in(dir)
	p.hosts = req.Hosts
	if req.write != nil {
		p.write = req.write
	}
	if err := p.checkFiles(); err != nil {
		return nil, err
	}
	if _, err := p.renew(req.Now); err != nil {
		return nil, err
	}
	if err := p.ensureServiceAccountKey(); err != nil {
		return nil, err
	}
	p.complete = true
	return p, nil
}

// Existing returns what Ensure has made in dir. It reads and writes nothing, so
// that it can be used beside a running server.
func Existing(dir string) *PKI {
	p := in(dir)
	p.complete = true
	return p
}

// in names the files in a directory.
func in(dir string) *PKI {
	p := &PKI{dir: dir, write: WriteFile}
	p.ServiceAccountKey, p.ServiceAccountPublicKey = filepath.Join(dir, "sa.key"), filepath.Join(dir, "sa.pub")
	p.CA, p.Serving, p.Admin = p.pair("ca"), p.pair("apiserver"), p.pair("admin")
	p.FrontProxyCA, p.FrontProxyClient = p.pair("front-proxy-ca"), p.pair("front-proxy-client")
	return p
}

func (p *PKI) pair(name string) Pair {
	return Pair{filepath.Join(p.dir, name+".crt"), filepath.Join(p.dir, name+".key")}
}

// renew creates and renews the pairs. It reports whether it has written
// something.
func (p *PKI) renew(now time.Time) (written bool, err error) {
	ca, written, err := p.ensureCA(p.CA, "gatehouse", now)
	if err != nil {
		return written, err
	}
	frontProxyCA, wrote, err := p.ensureCA(p.FrontProxyCA, "gatehouse-front-proxy", now)
	if written = written || wrote; err != nil {
		return written, err
	}
	for _, leaf := range []struct {
		pair Pair
		ca   *authority
		cert x509.Certificate
	}{
		{p.Serving, ca, servingTemplate(p.hosts)},
		{p.Admin, ca, clientTemplate("kubernetes-admin", "system:masters")},
		{p.FrontProxyClient, frontProxyCA, clientTemplate("front-proxy-client")},
	} {
		wrote, err := p.ensureLeaf(leaf.pair, leaf.ca, leaf.cert, now)
		if written = written || wrote; err != nil {
			return written, err
		}
	}
	return written, nil
}

func (p *PKI) ensureLeaf(pair Pair, ca *authority, template x509.Certificate, now time.Time) (written bool, err error) {
	certs, key, err := p.load(pair, remakeLeaf)
	if err != nil {
		return false, err
	}
	if len(certs) > 0 && !nearEnd(certs[0], now) && certs[0].CheckSignatureFrom(ca.cert) == nil && covers(certs[0], template) {
		return false, nil
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	_, err = p.issue(pair, key, template, ca, now, min(leafValidity, ca.cert.NotAfter.Sub(now)))
	return true, err
}

// nearEnd reports whether a certificate has to be renewed.
func nearEnd(cert *x509.Certificate, now time.Time) bool {
	return !now.Add(validity(cert) / lastPart).Before(cert.NotAfter)
}

func validity(cert *x509.Certificate) time.Duration { return cert.NotAfter.Sub(cert.NotBefore) }

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
