package csrsigning

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"net"
	"slices"
	"testing"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	certificatesv1beta1 "k8s.io/api/certificates/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/util/cert"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/shared/looptest"
	"github.com/gatehouse-k8s/gatehouse/pkg/pki"
)

func parse(t *testing.T, template x509.CertificateRequest) (pemRequest []byte, parsed *x509.CertificateRequest) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &template, key)
	if err != nil {
		t.Fatal(err)
	}
	if parsed, err = x509.ParseCertificateRequest(der); err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}), parsed
}

// TestValidity has the times of certificates that kube-controller-manager v1.36.3 signed.
func TestValidity(t *testing.T) {
	now := time.Now()
	for _, test := range []struct {
		seconds *int32
		want    time.Duration
	}{
		{nil, 365*24*time.Hour - 5*time.Minute},
		{ptr.To[int32](600), 600 * time.Second},
		{ptr.To[int32](8*3600 - 1), (8*3600 - 1) * time.Second},
		{ptr.To[int32](8 * 3600), (8*3600 - 300) * time.Second},
		{ptr.To[int32](86400), (86400 - 300) * time.Second},
		{ptr.To[int32](365 * 86400), (365*86400 - 300) * time.Second},
		{ptr.To[int32](9 * 365 * 86400), (365*86400 - 300) * time.Second},
	} {
		t.Run(fmt.Sprint(ptr.Deref(test.seconds, 0)), func(t *testing.T) {
			r := &certificatesv1.CertificateSigningRequest{Spec: certificatesv1.CertificateSigningRequestSpec{ExpirationSeconds: test.seconds}}
			got := template(&x509.CertificateRequest{}, r, now)
			if before, after := now.Sub(got.NotBefore), got.NotAfter.Sub(now); before != 5*time.Minute || after != test.want {
				t.Errorf("valid from %v before to %v after, want %v after", before, after, test.want)
			}
		})
	}
}

// TestTemplate checks what is taken from a request, with all usages that there are.
func TestTemplate(t *testing.T) {
	_, cr := parse(t, x509.CertificateRequest{
		Subject:  pkix.Name{CommonName: "bob", Organization: []string{"dev"}},
		DNSNames: []string{"a"}, EmailAddresses: []string{"a@b.c"}, IPAddresses: []net.IP{net.IPv4(1, 2, 3, 4)},
		ExtraExtensions: []pkix.Extension{{Id: []int{1, 2, 3, 4}, Value: []byte{5, 0}}},
	})
	r := &certificatesv1.CertificateSigningRequest{}
	for usage := range keyUsages {
		r.Spec.Usages = append(r.Spec.Usages, usage)
	}
	for usage := range extKeyUsages {
		r.Spec.Usages = append(r.Spec.Usages, usage)
	}
	got := template(cr, r, time.Now())
	if got.Subject.String() != "CN=bob,O=dev" || len(got.DNSNames)+len(got.EmailAddresses)+len(got.IPAddresses) != 3 || len(got.ExtraExtensions) > 0 ||
		got.IsCA || !got.BasicConstraintsValid {
		t.Errorf("got %+v", got)
	}
	if want := x509.KeyUsage(1<<9 - 1); got.KeyUsage != want {
		t.Errorf("key usage %b, want %b", got.KeyUsage, want)
	}
	want := []x509.ExtKeyUsage{x509.ExtKeyUsageAny, x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageCodeSigning,
		x509.ExtKeyUsageEmailProtection, x509.ExtKeyUsageIPSECEndSystem, x509.ExtKeyUsageIPSECTunnel, x509.ExtKeyUsageIPSECUser,
		x509.ExtKeyUsageTimeStamping, x509.ExtKeyUsageOCSPSigning, x509.ExtKeyUsageMicrosoftServerGatedCrypto, x509.ExtKeyUsageNetscapeServerGatedCrypto}
	if !slices.Equal(got.ExtKeyUsage, want) {
		t.Errorf("extended key usage %v, want %v", got.ExtKeyUsage, want)
	}
}

// TestSigning has requests in all states.
func TestSigning(t *testing.T) {
	keys, err := pki.Ensure(t.TempDir(), pki.Request{Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	deps := controllers.Deps{SignCertificate: keys.Sign}
	// In a synctest bubble it is the year 2000; the CA verifies the signature at any time.
	cas, err := cert.CertsFromFile(keys.CA.CertFile)
	if err != nil {
		t.Fatal(err)
	}
	pemRequest, _ := parse(t, x509.CertificateRequest{Subject: pkix.Name{CommonName: "bob"}})
	const approved, denied, failed = certificatesv1.CertificateApproved, certificatesv1.CertificateDenied, certificatesv1.CertificateFailed
	client := []certificatesv1.KeyUsage{certificatesv1.UsageClientAuth}
	for _, test := range []struct {
		name       string
		signer     string
		usages     []certificatesv1.KeyUsage
		conditions []certificatesv1.RequestConditionType
		signed     bool
		failure    string
	}{
		{"approved", certificatesv1.KubeAPIServerClientSignerName, client, []certificatesv1.RequestConditionType{approved}, true, ""},
		{"pending", certificatesv1.KubeAPIServerClientSignerName, client, nil, false, ""},
		{"denied", certificatesv1.KubeAPIServerClientSignerName, client, []certificatesv1.RequestConditionType{denied}, false, ""},
		{"failed", certificatesv1.KubeAPIServerClientSignerName, client, []certificatesv1.RequestConditionType{approved, failed}, false, ""},
		{"another signer", "example.com/other", client, []certificatesv1.RequestConditionType{approved}, false, ""},
		{"legacy", certificatesv1beta1.LegacyUnknownSignerName, nil, []certificatesv1.RequestConditionType{approved}, true, ""},
		{"wrong usage", certificatesv1.KubeAPIServerClientSignerName, []certificatesv1.KeyUsage{certificatesv1.UsageServerAuth},
			[]certificatesv1.RequestConditionType{approved}, false, "invalid usage for client certificate: server auth"},
		{"missing usage", certificatesv1.KubeAPIServerClientSignerName, []certificatesv1.KeyUsage{certificatesv1.UsageDigitalSignature},
			[]certificatesv1.RequestConditionType{approved}, false, "missing required usage for client certificate: client auth"},
		{"not of a kubelet", certificatesv1.KubeletServingSignerName, nil, []certificatesv1.RequestConditionType{approved}, false,
			"subject organization is not system:nodes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := &certificatesv1.CertificateSigningRequest{ObjectMeta: metav1.ObjectMeta{Name: "r"},
				Spec: certificatesv1.CertificateSigningRequestSpec{SignerName: test.signer, Usages: test.usages, Request: pemRequest}}
			for _, c := range test.conditions {
				r.Status.Conditions = append(r.Status.Conditions, certificatesv1.CertificateSigningRequestCondition{Type: c})
			}
			server := func() *fake.Clientset { return fake.NewClientset(r) }
			looptest.On(t, Controller(), server, deps, func(t *testing.T, c *fake.Clientset) {
				got, err := c.CertificatesV1().CertificateSigningRequests().Get(t.Context(), "r", metav1.GetOptions{})
				if err != nil {
					t.Fatal(err)
				}
				failure := ""
				for _, condition := range got.Status.Conditions[len(test.conditions):] {
					failure += condition.Message
				}
				if failure != test.failure || (len(got.Status.Certificate) > 0) != test.signed {
					t.Errorf("failure %q, want %q; certificate %s", failure, test.failure, got.Status.Certificate)
				}
				if !test.signed {
					return
				}
				certs, err := cert.ParseCertsPEM(got.Status.Certificate)
				if err != nil || len(certs) != 1 || certs[0].CheckSignatureFrom(cas[0]) != nil || certs[0].Subject.CommonName != "bob" {
					t.Errorf("certificates %v, %v", certs, err)
				}
			})
		})
	}
}
