package certificatesigningrequest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/authentication/user"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/registrytest"
)

// requestAndCertificate returns a request and a certificate for the same new key,
// in DER.
func requestAndCertificate(t *testing.T) (request, certificate []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if request, err = x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key); err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	if certificate, err = x509.CreateCertificate(rand.Reader, template, template, key.Public(), key); err != nil {
		t.Fatal(err)
	}
	return request, certificate
}

func inPEM(blockType string, der []byte, headers map[string]string) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: blockType, Bytes: der, Headers: headers})
}

func newRequest(t *testing.T) object {
	der, _ := requestAndCertificate(t)
	return &certificatesv1.CertificateSigningRequest{
		ObjectMeta: metav1.ObjectMeta{Name: "r", ResourceVersion: "1"},
		Spec: certificatesv1.CertificateSigningRequestSpec{
			Request: inPEM("CERTIFICATE REQUEST", der, nil), SignerName: "example.com/signer", Usages: []certificatesv1.KeyUsage{"client auth"},
		},
	}
}

// TestValidation runs a transcript: see registrytest.Validate.
func TestValidation(t *testing.T) {
	request := newRequest(t)
	registrytest.Validate(t, "testdata/validation.txt", Resource, func() object { return request.DeepCopy() })
}

func TestRequestMustBeSigned(t *testing.T) {
	der, _ := requestAndCertificate(t)
	forged := slices.Clone(der)
	forged[len(forged)-1] ^= 1
	good := string(inPEM("CERTIFICATE REQUEST", der, nil))
	for name, c := range map[string]struct{ pem, want string }{
		"good":          {good, ""},
		"text around":   {"before\n" + good + "after", ""},
		"two blocks":    {good + "-----BEGIN X-----\n-----END X-----\n", ""},
		"headers":       {string(inPEM("CERTIFICATE REQUEST", der, map[string]string{"a": "b"})), ""},
		"no PEM":        {"x", "PEM block type must be CERTIFICATE REQUEST"},
		"other block":   {string(inPEM("NEW CERTIFICATE REQUEST", der, nil)), "PEM block type must be CERTIFICATE REQUEST"},
		"no request":    {string(inPEM("CERTIFICATE REQUEST", []byte{1, 2, 3}, nil)), "asn1: structure error"},
		"bad signature": {string(inPEM("CERTIFICATE REQUEST", forged, nil)), "x509: ECDSA verification failure"},
	} {
		t.Run(name, func(t *testing.T) { checkError(t, checkRequest([]byte(c.pem)), c.want) })
	}
}

func TestCheckCertificate(t *testing.T) {
	_, der := requestAndCertificate(t)
	good := string(inPEM("CERTIFICATE", der, nil))
	for name, c := range map[string]struct{ pem, want string }{
		"chain with text":   {"before\n" + good + "between\n" + good + "after", ""},
		"two in a block":    {string(inPEM("CERTIFICATE", append(slices.Clone(der), der...), nil)), ""},
		"no PEM":            {"garbage", "must contain at least one CERTIFICATE PEM block"},
		"a key behind":      {good + string(inPEM("PRIVATE KEY", der, nil)), `only CERTIFICATE PEM blocks are allowed, found "PRIVATE KEY"`},
		"headers":           {string(inPEM("CERTIFICATE", der, map[string]string{"a": "b"})), "no PEM block headers are permitted"},
		"empty block":       {string(inPEM("CERTIFICATE", nil, nil)), "found CERTIFICATE PEM block containing 0 certificates"},
		"not a certificate": {string(inPEM("CERTIFICATE", []byte{1, 2, 3}, nil)), "x509: malformed certificate"},
	} {
		t.Run(name, func(t *testing.T) { checkError(t, checkCertificate([]byte(c.pem)), c.want) })
	}
}

func checkError(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
		t.Errorf("got %v, want %q", err, want)
	}
}

// TestRequester checks that a request says who sent it, and not what he says.
func TestRequester(t *testing.T) {
	r := newRequest(t)
	r.Spec.Username, r.Spec.UID, r.Spec.Groups, r.Spec.Extra = "other", "2", []string{"admins"}, map[string]certificatesv1.ExtraValue{"a": {"b"}}
	alice := &user.DefaultInfo{Name: "alice", UID: "1", Groups: []string{"g"}, Extra: map[string][]string{"k": {"v"}}}
	Resource.PrepareNew(genericapirequest.WithUser(t.Context(), alice), r)
	if r.Spec.Username != "alice" || r.Spec.UID != "1" || !slices.Equal(r.Spec.Groups, []string{"g"}) ||
		!slices.Equal(slices.Collect(maps.Keys(r.Spec.Extra)), []string{"k"}) {
		t.Errorf("the requester is %v", r.Spec)
	}
	Resource.PrepareNew(context.Background(), r)
	if r.Spec.Username != "" || r.Spec.Extra != nil {
		t.Errorf("without a user the requester is %v", r.Spec)
	}
}

// TestTimes checks which times of conditions the server sets.
func TestTimes(t *testing.T) {
	past := metav1.NewTime(time.Unix(1000, 0))
	old := newRequest(t)
	old.Status.Conditions = conditionList{{Type: "Odd", Status: "True", LastUpdateTime: past, LastTransitionTime: past}}
	for name, c := range map[string]struct {
		condition             certificatesv1.CertificateSigningRequestCondition
		updated, transitioned bool
	}{
		"nothing new":   {certificatesv1.CertificateSigningRequestCondition{Type: "Odd", Status: "True"}, true, false},
		"another value": {certificatesv1.CertificateSigningRequestCondition{Type: "Odd", Status: "False"}, true, true},
		"new":           {certificatesv1.CertificateSigningRequestCondition{Type: "Failed", Status: "True"}, true, true},
		"given": {certificatesv1.CertificateSigningRequestCondition{Type: "Failed", Status: "True", LastUpdateTime: past, LastTransitionTime: past},
			false, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := old.DeepCopy()
			r.Status.Conditions = conditionList{c.condition}
			Resource.PrepareChange(t.Context(), "status", r, old)
			if got := r.Status.Conditions[0]; got.LastUpdateTime.After(past.Time) != c.updated || got.LastTransitionTime.After(past.Time) != c.transitioned {
				t.Errorf("updated %v, changed %v", got.LastUpdateTime, got.LastTransitionTime)
			}
		})
	}
}
