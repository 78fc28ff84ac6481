package podcertificaterequest

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"strings"
	"testing"

	certificatesv1 "k8s.io/api/certificates/v1"
	certificatesv1beta1 "k8s.io/api/certificates/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/registrytest"
)

const podUID = "pod-uid"

func newECDSA(t *testing.T, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	testutil.Check(t, err)
	return key
}

func newRSA(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	testutil.Check(t, err)
	return key
}

// stub returns the request that a kubelet makes with a key.
func stub(t *testing.T, key crypto.Signer) []byte {
	t.Helper()
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	testutil.Check(t, err)
	return der
}

func newRequest(t *testing.T, key crypto.Signer) object {
	return &certificatesv1beta1.PodCertificateRequest{
		ObjectMeta: metav1.ObjectMeta{Name: "r", Namespace: "n", ResourceVersion: "1"},
		Spec: certificatesv1beta1.PodCertificateRequestSpec{
			SignerName: "example.com/s", PodName: "p", PodUID: podUID, ServiceAccountName: "s", ServiceAccountUID: "su", NodeName: "n", NodeUID: "nu",
			MaxExpirationSeconds: ptr.To[int32](86400), StubPKCS10Request: stub(t, key),
		},
	}
}

// TestValidation runs a transcript: see registrytest.Validate.
func TestValidation(t *testing.T) {
	request := newRequest(t, newECDSA(t, elliptic.P256()))
	registrytest.Validate(t, "testdata/validation.txt", Resource, func() object { return request.DeepCopy() })
}

func check(t *testing.T, errs field.ErrorList, want string) {
	t.Helper()
	if want == "" && len(errs) == 0 {
		return
	}
	if len(errs) != 1 || want == "" || !strings.Contains(errs[0].Error(), want) {
		t.Errorf("got %v, want %q", errs, want)
	}
}

// TestKeys requests a certificate for each kind of key in both ways.
func TestKeys(t *testing.T) {
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	testutil.Check(t, err)
	for name, c := range map[string]struct {
		key  crypto.Signer
		want string
	}{
		"Ed25519":  {edKey, ""},
		"P-224":    {newECDSA(t, elliptic.P224()), `Invalid value: "curve P-224": elliptic public keys must use curve P256`},
		"P-256":    {newECDSA(t, elliptic.P256()), ""},
		"P-521":    {newECDSA(t, elliptic.P521()), ""},
		"RSA 2048": {newRSA(t, 2048), `Invalid value: "2048-bit modulus": RSA keys must have modulus size 3072 or 4096`},
		"RSA 3072": {newRSA(t, 3072), ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRequest(t, c.key)
			check(t, Resource.ValidateNew(t.Context(), r), c.want)
			withProof(t, r, c.key)
			check(t, Resource.ValidateNew(t.Context(), r), c.want)
			if r.Spec.PodUID = "other"; c.want == "" {
				check(t, Resource.ValidateNew(t.Context(), r), "spec.proofOfPossession: Invalid value: could not verify proof-of-possession signature")
			}
		})
	}
}

// withProof makes a request as kubelets before version 1.36 did.
func withProof(t *testing.T, r object, key crypto.Signer) {
	t.Helper()
	var err error
	r.Spec.StubPKCS10Request = nil
	r.Spec.PKIXPublicKey, err = x509.MarshalPKIXPublicKey(key.Public())
	testutil.Check(t, err)
	hash := sha256.Sum256([]byte(podUID))
	switch key := key.(type) {
	case ed25519.PrivateKey:
		r.Spec.ProofOfPossession = ed25519.Sign(key, []byte(podUID))
	case *rsa.PrivateKey:
		r.Spec.ProofOfPossession, err = rsa.SignPSS(rand.Reader, key, crypto.SHA256, hash[:], nil)
	case *ecdsa.PrivateKey:
		r.Spec.ProofOfPossession, err = ecdsa.SignASN1(rand.Reader, key, hash[:])
	}
	testutil.Check(t, err)
}

// TestRequestedKey has the other mistakes in how a key is given.
func TestRequestedKey(t *testing.T) {
	key := newECDSA(t, elliptic.P256())
	good := stub(t, key)
	forged := append([]byte{}, good...)
	forged[len(forged)-1] ^= 1
	x25519, err := ecdh.X25519().GenerateKey(rand.Reader)
	testutil.Check(t, err)
	unsupported, err := x509.MarshalPKIXPublicKey(x25519.Public())
	testutil.Check(t, err)
	big := make([]byte, maxKey+1)
	const exactlyOne = "spec: Invalid value: exactly one of (stubPKCS10Request) or (pkixPublicKey, proofOfPossession) must be set"
	for name, c := range map[string]struct {
		stub, key, proof []byte
		want             string
	}{
		"nothing":     {nil, nil, nil, exactlyOne},
		"both":        {good, big, big, exactlyOne},
		"no proof":    {nil, big, nil, exactlyOne},
		"only proof":  {nil, nil, big, exactlyOne},
		"garbage":     {[]byte("x"), nil, nil, "spec.stubPKCS10Request: Invalid value: must be a valid PKCS#10 CSR"},
		"forged":      {forged, nil, nil, "spec.stubPKCS10Request: Invalid value: invalid signature"},
		"big request": {big, nil, nil, "spec.stubPKCS10Request: Too long: may not be more than 10240 bytes"},
		"big key":     {nil, big, big, "spec.pkixPublicKey: Too long: may not be more than 10240 bytes"},
		"big proof":   {nil, []byte("x"), big, "spec.proofOfPossession: Too long: may not be more than 10240 bytes"},
		"bad key":     {nil, []byte("x"), []byte("x"), `spec.pkixPublicKey: Invalid value: "eA==": must be a valid PKIX-serialized public key`},
		"other key":   {nil, unsupported, []byte("x"), "unknown public key type; supported types are Ed25519, ECDSA, and RSA"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRequest(t, key)
			r.Spec.StubPKCS10Request, r.Spec.PKIXPublicKey, r.Spec.ProofOfPossession = c.stub, c.key, c.proof
			check(t, Resource.ValidateNew(t.Context(), r), c.want)
		})
	}
}

// TestV1 checks the default, and that a request which only v1beta1 can express is
// kept in the hub.
func TestV1(t *testing.T) {
	v1 := &certificatesv1.PodCertificateRequest{Spec: certificatesv1.PodCertificateRequestSpec{StubPKCS10Request: []byte("x")}}
	apis.Scheme.Default(v1)
	hub := &certificatesv1beta1.PodCertificateRequest{}
	testutil.Check(t, apis.Scheme.Convert(v1, hub, nil))
	if s := hub.Spec; string(s.StubPKCS10Request) != "x" || ptr.Deref(s.MaxExpirationSeconds, 0) != 86400 {
		t.Errorf("the hub is %v", s)
	}
	hub.Spec.PKIXPublicKey = []byte("key")
	testutil.Check(t, apis.Scheme.Convert(hub, v1, nil))
	if string(v1.Spec.StubPKCS10Request) != "x" {
		t.Errorf("v1 is %v", v1.Spec)
	}
}
