package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"slices"
	"testing"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"
	"k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/csrapproving"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/csrcleaner"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/csrsigning"
	"github.com/gatehouse-k8s/gatehouse/pkg/pki"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// certificateRequest returns a request and its key, both in PEM.
func certificateRequest(t *testing.T, name string, groups ...string) (request, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	testutil.Check(t, err)
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: name, Organization: groups}}, private)
	testutil.Check(t, err)
	key, err = keyutil.MarshalPrivateKeyToPEM(private)
	testutil.Check(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: cert.CertificateRequestBlockType, Bytes: der}), key
}

// awaitCertificate waits until a request is signed.
func awaitCertificate(t *testing.T, c kubernetes.Interface, name string) (signed []byte) {
	t.Helper()
	eventually(t, name+" is signed", func() bool {
		r, err := c.CertificatesV1().CertificateSigningRequests().Get(t.Context(), name, metav1.GetOptions{})
		testutil.Check(t, err)
		signed = r.Status.Certificate
		return len(signed) > 0
	})
	return signed
}

// withCertificate returns the configuration of a client with a certificate.
func withCertificate(config *restclient.Config, certificate, key []byte) *restclient.Config {
	config = restclient.AnonymousClientConfig(config)
	config.CertData, config.KeyData = certificate, key
	return config
}

// TestCertificateRequests lets a node bootstrap as a kubelet does, and lets an
// administrator approve a request. The server accepts the certificates, also if a flag
// names another CA of client certificates. Requests that are done are deleted in time.
func TestCertificateRequests(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		flags func(t *testing.T) []string
	}{
		{"own CA", func(*testing.T) []string { return nil }},
		{"another CA of clients", func(t *testing.T) []string {
			keys, err := pki.Ensure(t.TempDir(), pki.Request{Now: time.Now()})
			testutil.Check(t, err)
			return []string{"--client-ca-file=" + keys.CA.CertFile}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			flags := append(test.flags(t), "--controllers="+csrapproving.Name+","+csrsigning.Name+","+csrcleaner.Name)
			s := testserver.Start(t, testserver.Options{Flags: flags})
			c := kubernetes.NewForConfigOrDie(s.Config)
			requests := c.CertificatesV1().CertificateSigningRequests()

			_, err := c.RbacV1().ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{ObjectMeta: named("bootstrap"),
				RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "system:certificates.k8s.io:certificatesigningrequests:nodeclient"},
				Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "Group", Name: "system:masters"}}}, metav1.CreateOptions{})
			testutil.Check(t, err)
			request, key := certificateRequest(t, "system:node:n1", "system:nodes")
			_, err = requests.Create(t.Context(), &certificatesv1.CertificateSigningRequest{ObjectMeta: named("node"),
				Spec: certificatesv1.CertificateSigningRequestSpec{Request: request, SignerName: certificatesv1.KubeAPIServerClientKubeletSignerName,
					Usages: []certificatesv1.KeyUsage{certificatesv1.UsageDigitalSignature, certificatesv1.UsageClientAuth}}}, metav1.CreateOptions{})
			testutil.Check(t, err)
			node, err := whoami(t, withCertificate(s.Config, awaitCertificate(t, c, "node"), key))
			if testutil.Check(t, err); node.Username != "system:node:n1" || !slices.Contains(node.Groups, "system:nodes") {
				t.Errorf("the certificate is that of %v", node)
			}

			request, key = certificateRequest(t, "bob", "dev")
			r, err := requests.Create(t.Context(), &certificatesv1.CertificateSigningRequest{ObjectMeta: named("bob"),
				Spec: certificatesv1.CertificateSigningRequestSpec{Request: request, SignerName: certificatesv1.KubeAPIServerClientSignerName,
					ExpirationSeconds: ptr.To[int32](3600), Usages: []certificatesv1.KeyUsage{certificatesv1.UsageClientAuth}}}, metav1.CreateOptions{})
			testutil.Check(t, err)
			r.Status.Conditions = []certificatesv1.CertificateSigningRequestCondition{{Type: certificatesv1.CertificateApproved, Status: corev1.ConditionTrue}}
			_, err = requests.UpdateApproval(t.Context(), r.Name, r, metav1.UpdateOptions{})
			testutil.Check(t, err)
			signed := awaitCertificate(t, c, "bob")
			bob, err := whoami(t, withCertificate(s.Config, signed, key))
			if testutil.Check(t, err); bob.Username != "bob" {
				t.Errorf("the certificate is that of %v", bob)
			}
			certs, err := cert.ParseCertsPEM(signed)
			if testutil.Check(t, err); time.Until(certs[0].NotAfter) > time.Hour {
				t.Errorf("the certificate is valid until %v", certs[0].NotAfter)
			}

			// As if the request had been approved long ago.
			r, err = requests.Get(t.Context(), "bob", metav1.GetOptions{})
			testutil.Check(t, err)
			r.Status.Conditions[0].LastUpdateTime = metav1.NewTime(time.Now().Add(-2 * time.Hour))
			_, err = requests.UpdateApproval(t.Context(), r.Name, r, metav1.UpdateOptions{})
			testutil.Check(t, err)
			eventually(t, "the request is deleted", func() bool {
				_, err := requests.Get(t.Context(), "bob", metav1.GetOptions{})
				return apierrors.IsNotFound(err)
			})
		})
	}
}
