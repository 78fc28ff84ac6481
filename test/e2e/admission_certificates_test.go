package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// TestSigners writes requests for certificates and trust bundles as a user who may
// write all of them, but act only for the signers of example.com.
func TestSigners(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := testserver.Start(t, testserver.Options{DataDir: dir})
	root, err := os.ReadFile(filepath.Join(dir, "pki", "ca.crt"))
	testutil.Check(t, err)
	admin := kubernetes.NewForConfigOrDie(s.Config)
	grant(t, s, "signer", rbacv1.PolicyRule{APIGroups: []string{"certificates.k8s.io"}, Verbs: []string{"get", "create", "update"},
		Resources: []string{"certificatesigningrequests", "certificatesigningrequests/approval", "certificatesigningrequests/status", "clustertrustbundles"}},
		rbacv1.PolicyRule{APIGroups: []string{"certificates.k8s.io"}, Verbs: []string{"approve", "sign", "attest"},
			Resources: []string{"signers"}, ResourceNames: []string{"example.com/*"}})
	config := restclient.CopyConfig(s.Config)
	config.Impersonate.UserName = "signer"
	c := kubernetes.NewForConfigOrDie(config)

	for _, test := range []struct{ name, domain, request, bundle string }{
		{"own", "example.com", "<nil>", "<nil>"},
		{"foreign", "example.org",
			`certificatesigningrequests.certificates.k8s.io "foreign" is forbidden: user not permitted to %s requests with signerName "example.org/dev"`,
			`clustertrustbundles.certificates.k8s.io "example.org:dev:foreign" is forbidden: user not permitted to attest for signerName "example.org/dev"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			check := func(err error, want string) {
				t.Helper()
				if got := fmt.Sprint(err); got != want {
					t.Errorf("%s\nwant %s", got, want)
				}
			}
			requests := c.CertificatesV1().CertificateSigningRequests()
			r, err := requests.Create(t.Context(), signingRequest(t, test.name, test.domain+"/dev", "dev"), metav1.CreateOptions{})
			testutil.Check(t, err)
			r.Status.Conditions = append(r.Status.Conditions, certificatesv1.CertificateSigningRequestCondition{
				Type: certificatesv1.CertificateApproved, Status: corev1.ConditionTrue, Reason: "Test"})
			_, err = requests.UpdateApproval(t.Context(), test.name, r, metav1.UpdateOptions{})
			check(err, said(test.request, "approve"))
			r.ResourceVersion = ""
			r, err = admin.CertificatesV1().CertificateSigningRequests().UpdateApproval(t.Context(), test.name, r, metav1.UpdateOptions{})
			testutil.Check(t, err)
			r.Status.Certificate = root
			_, err = requests.UpdateStatus(t.Context(), r, metav1.UpdateOptions{})
			check(err, said(test.request, "sign"))
			_, err = c.CertificatesV1().ClusterTrustBundles().Create(t.Context(), &certificatesv1.ClusterTrustBundle{
				ObjectMeta: named(test.domain + ":dev:" + test.name),
				Spec:       certificatesv1.ClusterTrustBundleSpec{SignerName: test.domain + "/dev", TrustBundle: string(root)}}, metav1.CreateOptions{})
			check(err, test.bundle)
		})
	}
	masters := signingRequest(t, "masters", certificatesv1.KubeAPIServerClientSignerName, "system:masters")
	_, err = admin.CertificatesV1().CertificateSigningRequests().Create(t.Context(), masters, metav1.CreateOptions{})
	if got, want := fmt.Sprint(err), `certificatesigningrequests.certificates.k8s.io "masters" is forbidden: `+
		`use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed`; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// said puts a verb into a message that has a place for it.
func said(message, verb string) string {
	if !strings.Contains(message, "%s") {
		return message
	}
	return fmt.Sprintf(message, verb)
}

// signingRequest asks a signer for a certificate for a member of a group.
func signingRequest(t *testing.T, name, signer, group string) *certificatesv1.CertificateSigningRequest {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	testutil.Check(t, err)
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject: pkix.Name{CommonName: "jane", Organization: []string{group}}}, key)
	testutil.Check(t, err)
	return &certificatesv1.CertificateSigningRequest{ObjectMeta: named(name), Spec: certificatesv1.CertificateSigningRequestSpec{SignerName: signer,
		Usages: []certificatesv1.KeyUsage{certificatesv1.UsageClientAuth}, Request: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})}}
}
