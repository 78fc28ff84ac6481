package pki

import (
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

// load reads the certificate and the key. It returns nil values if neither file
// exists.
func (p Pair) load() (*x509.Certificate, *ecdsa.PrivateKey, error) {
	certPEM, certErr := os.ReadFile(p.CertFile)
	keyPEM, keyErr := os.ReadFile(p.KeyFile)
	if errors.Is(certErr, fs.ErrNotExist) && errors.Is(keyErr, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err := errors.Join(certErr, keyErr); err != nil {
		return nil, nil, fmt.Errorf("reading a certificate and its key: %w (delete both files to create new ones)", err)
	}
	certs, err := cert.ParseCertsPEM(certPEM)
	if err != nil {
		return nil, nil, damaged(p.CertFile, err)
	}
	parsed, err := keyutil.ParsePrivateKeyPEM(keyPEM)
	if err != nil {
		return nil, nil, damaged(p.KeyFile, err)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || !key.PublicKey.Equal(certs[0].PublicKey) {
		return nil, nil, damaged(p.KeyFile, fmt.Errorf("it is not the key of %s", filepath.Base(p.CertFile)))
	}
	return certs[0], key, nil
}

func damaged(file string, err error) error {
	return fmt.Errorf("%s is damaged: %w (restore the file, or delete the certificate and its key to create new ones)", file, err)
}

// issue signs a certificate and writes it and its new key to the files. If ca
// is nil, the certificate is self-signed.
func (p Pair) issue(template x509.Certificate, ca *authority, now time.Time, validity time.Duration) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	signed, key, err := sign(template, ca, now, validity)
	if err != nil {
		return nil, nil, fmt.Errorf("signing %s: %w", p.CertFile, err)
	}
	certPEM, keyPEM, err := encode(signed, key)
	if err != nil {
		return nil, nil, err
	}
	if err := WriteFile(p.KeyFile, keyPEM); err != nil {
		return nil, nil, err
	}
	return signed, key, WriteFile(p.CertFile, certPEM)
}

func ensureServiceAccountKey(keyFile, publicFile string) error {
	data, err := os.ReadFile(keyFile)
	if errors.Is(err, fs.ErrNotExist) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return err
		}
		if data, err = keyutil.MarshalPrivateKeyToPEM(key); err != nil {
			return err
		}
		if err := WriteFile(keyFile, data); err != nil {
			return err
		}
	} else if err != nil {
		return fmt.Errorf("service account key: %w", err)
	}
	parsed, err := keyutil.ParsePrivateKeyPEM(data)
	if err != nil {
		return damaged(keyFile, err)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return damaged(keyFile, errors.New("it is not an ECDSA key"))
	}
	if data, err = os.ReadFile(publicFile); err == nil {
		if keys, err := keyutil.ParsePublicKeysPEM(data); err != nil {
			return damaged(publicFile, err)
		} else if !slices.ContainsFunc(keys, func(public any) bool { return key.PublicKey.Equal(public) }) {
			// The file may also contain the public parts of earlier keys.
			return damaged(publicFile, fmt.Errorf("it does not have the public part of %s", filepath.Base(keyFile)))
		}
		return nil
	}
	public, err := PublicKeyPEM(key)
	if err != nil {
		return err
	}
	return WriteFile(publicFile, public)
}

// WriteFile replaces a file atomically: after a crash it has either the old or
// the new content. Only the owner can read the file.
func WriteFile(name string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // does nothing if the rename below has succeeded
	_, writeErr := tmp.Write(data)
	if err := errors.Join(writeErr, tmp.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return os.Rename(tmp.Name(), name)
}
