package serviceaccount

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"

	jose "gopkg.in/go-jose/go-jose.v2"
	"k8s.io/client-go/util/keyutil"
)

// key is a public key that verifies tokens.
type key struct {
	id     string
	public crypto.PublicKey
	// algorithms fit the key; the first is the one to sign with.
	algorithms []jose.SignatureAlgorithm
}

// keySet is what the files have said at one moment. It does not change.
type keySet struct {
	signer jose.Signer
	// keys verify, the public half of the signing key among them.
	keys []key
}

// content is a file that was read.
type content struct {
	name string
	data []byte
}

// newKeySet makes a set of a file with a private key and of files with any
// number of keys or certificates each. Errors name the file.
func newKeySet(signing content, verification []content) (*keySet, error) {
	s := &keySet{}
	for _, file := range verification {
		publics, err := publicKeys(file.data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file.name, err)
		}
		for _, public := range publics {
			k, err := newKey(public)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file.name, err)
			}
			s.add(k)
		}
	}
	private, err := keyutil.ParsePrivateKeyPEM(signing.data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", signing.name, err)
	}
	own, ok := private.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%s: a %T cannot sign", signing.name, private)
	}
	k, err := newKey(own.Public())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", signing.name, err)
	}
	s.add(k)
	s.signer, err = jose.NewSigner(jose.SigningKey{
		Algorithm: k.algorithms[0],
		Key:       jose.JSONWebKey{Algorithm: string(k.algorithms[0]), Key: private, KeyID: k.id, Use: "sig"},
	}, nil)
	return s, err
}

func (s *keySet) add(k key) {
	if !slices.ContainsFunc(s.keys, func(other key) bool { return other.id == k.id }) {
		s.keys = append(s.keys, k)
	}
}

// publicKeys returns the keys of all PEM blocks: public keys, certificates or
// private keys. Other blocks, such as EC PARAMETERS, are skipped.
func publicKeys(data []byte) (keys []crypto.PublicKey, _ error) {
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		one := pem.EncodeToMemory(block)
		if public, err := keyutil.ParsePublicKeysPEM(one); err == nil {
			keys = append(keys, public[0])
		} else if private, err := keyutil.ParsePrivateKeyPEM(one); err == nil { // ECDSA in PKCS #8
			if signer, ok := private.(crypto.Signer); ok {
				keys = append(keys, signer.Public())
			}
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("data does not contain any valid RSA or ECDSA public keys")
	}
	return keys, nil
}

// candidates returns the keys that may have made a signature: those with the
// id, all of them when the signature does not say, and never one that the
// algorithm is not for.
func (s *keySet) candidates(id string, algorithm jose.SignatureAlgorithm) (fit []key) {
	for _, k := range s.keys {
		if (id == "" || id == k.id) && slices.Contains(k.algorithms, algorithm) {
			fit = append(fit, k)
		}
	}
	return fit
}

// newKey finds the algorithms and the id of a public key, which is the digest
// of its DER form.
func newKey(public crypto.PublicKey) (key, error) {
	algorithms, err := algorithmsFor(public)
	if err != nil {
		return key{}, err
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return key{}, err
	}
	digest := sha256.Sum256(der)
	return key{base64.RawURLEncoding.EncodeToString(digest[:]), public, algorithms}, nil
}

func algorithmsFor(public crypto.PublicKey) ([]jose.SignatureAlgorithm, error) {
	switch k := public.(type) {
	case *rsa.PublicKey:
		return []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512}, nil
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			return []jose.SignatureAlgorithm{jose.ES256}, nil
		case elliptic.P384():
			return []jose.SignatureAlgorithm{jose.ES384}, nil
		case elliptic.P521():
			return []jose.SignatureAlgorithm{jose.ES512}, nil
		}
		return nil, errors.New("the curve of the ECDSA key is none of P-256, P-384 and P-521")
	}
	return nil, fmt.Errorf("a %T is neither an RSA nor an ECDSA key", public)
}
