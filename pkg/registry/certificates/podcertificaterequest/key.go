package podcertificaterequest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"fmt"

	certificatesv1beta1 "k8s.io/api/certificates/v1beta1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// maxKey is the longest key, proof or PKCS#10 request, in bytes.
const maxKey = 10 * 1024

var (
	requestPath = specPath.Child("stubPKCS10Request")
	keyPath     = specPath.Child("pkixPublicKey")
	proofPath   = specPath.Child("proofOfPossession")
)

// publicKey is what all keys of the standard library implement.
type publicKey interface {
	Equal(other crypto.PublicKey) bool
}

// requestedKey returns the key for which a certificate is requested, after it has
// checked that whoever asks holds the private key.
func requestedKey(spec *certificatesv1beta1.PodCertificateRequestSpec) (publicKey, field.ErrorList) {
	switch request, key, proof := len(spec.StubPKCS10Request) > 0, len(spec.PKIXPublicKey) > 0, len(spec.ProofOfPossession) > 0; {
	case request && !key && !proof:
		return keyOfRequest(spec.StubPKCS10Request)
	case !request && key && proof:
		return keyWithProof(spec)
	}
	return nil, field.ErrorList{omitted(specPath, "exactly one of (stubPKCS10Request) or (pkixPublicKey, proofOfPossession) must be set")}
}

func keyOfRequest(der []byte) (publicKey, field.ErrorList) {
	if len(der) > maxKey {
		return nil, field.ErrorList{field.TooLong(requestPath, der, maxKey)}
	}
	request, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return nil, field.ErrorList{omitted(requestPath, "must be a valid PKCS#10 CSR")}
	}
	key, errs := supportedKey(request.PublicKey, field.OmitValueType{}, "elliptic public keys must use curve P256, P384, or P521", requestPath)
	if len(errs) > 0 {
		return nil, errs
	}
	if err := request.CheckSignature(); err != nil {
		return nil, field.ErrorList{omitted(requestPath, "invalid signature")}
	}
	return key, nil
}

func keyWithProof(spec *certificatesv1beta1.PodCertificateRequestSpec) (publicKey, field.ErrorList) {
	if len(spec.PKIXPublicKey) > maxKey {
		return nil, field.ErrorList{field.TooLong(keyPath, spec.PKIXPublicKey, maxKey)}
	}
	if len(spec.ProofOfPossession) > maxKey {
		return nil, field.ErrorList{field.TooLong(proofPath, spec.ProofOfPossession, maxKey)}
	}
	parsed, err := x509.ParsePKIXPublicKey(spec.PKIXPublicKey)
	if err != nil {
		return nil, field.ErrorList{field.Invalid(keyPath, spec.PKIXPublicKey, "must be a valid PKIX-serialized public key")}
	}
	key, errs := supportedKey(parsed, spec.PKIXPublicKey, "elliptic public keys must use curve P256 or P384", keyPath)
	if len(errs) > 0 {
		return nil, errs
	}
	if !possesses(key, []byte(spec.PodUID), spec.ProofOfPossession) {
		return nil, field.ErrorList{omitted(proofPath, "could not verify proof-of-possession signature")}
	}
	return key, nil
}

// supportedKey checks the type and the size of a key. shown is the value of which
// an error about the type says that it is wrong.
func supportedKey(parsed any, shown any, wrongCurve string, p *field.Path) (publicKey, field.ErrorList) {
	switch key := parsed.(type) {
	case ed25519.PublicKey:
		return key, nil
	case *ecdsa.PublicKey:
		if key.Curve == elliptic.P256() || key.Curve == elliptic.P384() || key.Curve == elliptic.P521() {
			return key, nil
		}
		return nil, field.ErrorList{field.Invalid(p, "curve "+key.Params().Name, wrongCurve)}
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits != 3072 && bits != 4096 {
			return nil, field.ErrorList{field.Invalid(p, fmt.Sprintf("%d-bit modulus", bits), "RSA keys must have modulus size 3072 or 4096")}
		}
		return key, nil
	}
	return nil, field.ErrorList{field.Invalid(p, shown, "unknown public key type; supported types are Ed25519, ECDSA, and RSA")}
}

// possesses verifies the signature of a message: RSASSA-PSS and ECDSA sign its
// SHA-256 hash, Ed25519 the message itself.
func possesses(key publicKey, message, signature []byte) bool {
	hash := sha256.Sum256(message)
	switch key := key.(type) {
	case ed25519.PublicKey:
		return ed25519.Verify(key, message, signature)
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(key, hash[:], signature)
	case *rsa.PublicKey:
		return rsa.VerifyPSS(key, crypto.SHA256, hash[:], signature, nil) == nil
	}
	return false
}

// omitted is an error that does not repeat the value.
func omitted(p *field.Path, detail string) *field.Error {
	return field.Invalid(p, field.OmitValueType{}, detail)
}
