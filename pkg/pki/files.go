package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
)

// These sentences say what to do about a file that is missing or damaged.
const (
	restoreCA = "restore it from a backup. Without one, delete the certificate and the key: the server makes a new CA, " +
		"which no existing client and kubeconfig trusts"
	remakeLeaf     = "delete the certificate and the key: the server makes them again"
	restoreSigning = "restore it from a backup. Without one, delete it and sa.pub: the server makes new keys, and all tokens of service accounts become invalid"
	remakePublic   = "delete it: the server makes it again from sa.key, and public parts of earlier keys have to be added again"
)

// load reads the certificates and the key, which is that of the first certificate.
// It returns nil values if neither file exists, and the key alone if the
// certificate does not exist.
func (p *PKI) load(pair Pair, advice string) ([]*x509.Certificate, crypto.Signer, error) {
	keyPEM, keyErr := os.ReadFile(pair.KeyFile)
	certPEM, certErr := os.ReadFile(pair.CertFile)
	noCert := errors.Is(certErr, fs.ErrNotExist) && !p.complete
	if noCert && errors.Is(keyErr, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if keyErr != nil {
		return nil, nil, unreadable(keyErr, advice)
	}
	key, err := parseKey(pair.KeyFile, keyPEM, advice)
	if err != nil || noCert {
		return nil, key, err
	}
	if certErr != nil {
		return nil, nil, unreadable(certErr, advice)
	}
	certs, err := cert.ParseCertsPEM(certPEM)
	if err != nil {
		return nil, nil, damaged(pair.CertFile, err, advice)
	}
	if !isPublicPart(key, certs[0].PublicKey) {
		return nil, nil, damaged(pair.KeyFile, fmt.Errorf("it is not the key of %s", filepath.Base(pair.CertFile)), advice)
	}
	return certs, key, nil
}

func parseKey(name string, data []byte, advice string) (crypto.Signer, error) {
	parsed, err := keyutil.ParsePrivateKeyPEM(data)
	if err != nil {
		return nil, damaged(name, err, advice)
	}
	key, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, damaged(name, fmt.Errorf("a %T cannot sign", parsed), advice)
	}
	return key, nil
}

func isPublicPart(key crypto.Signer, public crypto.PublicKey) bool {
	own, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	return ok && own.Equal(public)
}

// unreadable describes an error from reading a file.
func unreadable(err error, advice string) error {
	if errors.Is(err, fs.ErrPermission) {
		advice = "give the file to the user who runs the server, or run the server as its owner"
	}
	return fmt.Errorf("%w (%s)", err, advice)
}

func damaged(file string, err error, advice string) error {
	return fmt.Errorf("%s is damaged: %w (%s)", file, err, advice)
}

// issue signs a certificate and writes it to its file. If key is nil, it first
// creates the key and writes it. If ca is nil, the certificate is self-signed. The
// others follow it in the file.
func (p *PKI) issue(pair Pair, key crypto.Signer, template x509.Certificate, ca *authority, now time.Time, validity time.Duration,
	others ...*x509.Certificate) (*authority, error) {
	var err error
	if key == nil {
		if key, err = p.createKey(pair.KeyFile); err != nil {
			return nil, err
		}
	}
	signed, err := sign(template, key, ca, now, validity)
	if err != nil {
		return nil, fmt.Errorf("signing %s: %w", pair.CertFile, err)
	}
	certPEM, err := cert.EncodeCertificates(append([]*x509.Certificate{signed}, others...)...)
	if err != nil {
		return nil, err
	}
	return &authority{signed, key}, p.write(pair.CertFile, certPEM)
}

func (p *PKI) createKey(name string) (crypto.Signer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	data, err := keyutil.MarshalPrivateKeyToPEM(key)
	if err != nil {
		return nil, err
	}
	return key, p.write(name, data)
}

func (p *PKI) ensureServiceAccountKey() error {
	var key crypto.Signer
	data, err := os.ReadFile(p.ServiceAccountKey)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		key, err = p.createKey(p.ServiceAccountKey)
	case err != nil:
		return unreadable(err, restoreSigning)
	default:
		key, err = parseKey(p.ServiceAccountKey, data, restoreSigning)
	}
	if err != nil {
		return err
	}
	data, err = os.ReadFile(p.ServiceAccountPublicKey)
	if errors.Is(err, fs.ErrNotExist) {
		public, err := publicKeyPEM(key.Public())
		if err != nil {
			return err
		}
		return p.write(p.ServiceAccountPublicKey, public)
	}
	if err != nil {
		return unreadable(err, remakePublic)
	}
	keys, err := keyutil.ParsePublicKeysPEM(data)
	if err != nil {
		return damaged(p.ServiceAccountPublicKey, err, remakePublic)
	}
	// The file may also contain the public parts of earlier keys.
	if !slices.ContainsFunc(keys, func(public any) bool { return isPublicPart(key, public) }) {
		return damaged(p.ServiceAccountPublicKey, fmt.Errorf("it does not have the public part of %s", filepath.Base(p.ServiceAccountKey)),
			"add the public part, or "+remakePublic)
	}
	return nil
}

// WriteFile replaces a file atomically and durably: after a crash it has either
// the old or the new content, and when WriteFile has returned, the new one. Only
// the owner can read the file.
func WriteFile(name string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(name), temporary(name)) // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // does nothing if the rename below has succeeded
	_, writeErr := tmp.Write(data)
	if err := errors.Join(writeErr, tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	if err := os.Rename(tmp.Name(), name); err != nil {
		return err
	}
	return syncDir(filepath.Dir(name))
}

// temporary returns the pattern of the names that a file has while WriteFile
// writes it.
func temporary(name string) string { return "." + filepath.Base(name) + "-*" }
