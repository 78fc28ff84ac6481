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
	"gopkg.in/go-jose/go-jose.v2/jwt"
	"k8s.io/client-go/util/keyutil"
)

// key is a public key that verifies tokens.
type key struct {
	id     string
	public crypto.PublicKey
	// algorithms are the algorithms that can be used with the key. The first
	// one is used to sign.
	algorithms []jose.SignatureAlgorithm
	// unpublished is true if the key is left out of the documents for others.
	unpublished bool
}

// keySet contains the keys of all files at one time. It is immutable.
type keySet struct {
	// signer is nil if another process signs.
	signer jose.Signer
	// keys are the keys that verify, including the public part of the signing
	// key.
	keys []key
}

// content is the content of a file.
type content struct {
	name string
	data []byte
}

// newKeySet creates a set from a file with a private key, and from files with
// any number of keys or certificates. Errors name the file.
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

// publicKeys returns the keys of all PEM blocks with public keys, certificates
// or private keys. It skips other blocks, such as EC PARAMETERS.
func publicKeys(data []byte) (keys []crypto.PublicKey, _ error) {
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		one := pem.EncodeToMemory(block)
		if public, err := keyutil.ParsePublicKeysPEM(one); err == nil {
			keys = append(keys, public[0])
		} else if private, err := keyutil.ParsePrivateKeyPEM(one); err == nil { // public parts of ECDSA keys in PKCS #8
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

// fitting returns the keys that may have signed a token with one signature.
func (s *keySet) fitting(token *jwt.JSONWebToken) []key {
	header := token.Headers[0]
	return s.candidates(header.KeyID, jose.SignatureAlgorithm(header.Algorithm))
}

// published returns the keys that others may know.
func (s *keySet) published() (public []key) {
	for _, k := range s.keys {
		if !k.unpublished {
			public = append(public, k)
		}
	}
	return public
}

// candidates returns the keys that may have created a signature: those with the
// given id or, if the id is empty, all keys. It omits keys that cannot be used
// with the algorithm.
func (s *keySet) candidates(id string, algorithm jose.SignatureAlgorithm) (fit []key) {
	for _, k := range s.keys {
		if (id == "" || id == k.id) && slices.Contains(k.algorithms, algorithm) {
			fit = append(fit, k)
		}
	}
	return fit
}

// newKey determines the algorithms and the id of a public key. The id is a
// digest of the DER encoding.
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
	return key{id: base64.RawURLEncoding.EncodeToString(digest[:]), public: public, algorithms: algorithms}, nil
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
		return nil, errors.New("the curve of the ECDSA key must be P-256, P-384 or P-521")
	}
	return nil, fmt.Errorf("a %T is neither an RSA nor an ECDSA key", public)
}
