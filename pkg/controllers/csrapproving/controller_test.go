package csrapproving_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"testing"
	"testing/synctest"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/csrapproving"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/shared/looptest"
)

// request returns the request of a user for a client certificate of a node.
func request(t *testing.T, signer, user, node string, usages ...certificatesv1.KeyUsage) *certificatesv1.CertificateSigningRequest {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject: pkix.Name{Organization: []string{"system:nodes"}, CommonName: node}}, key)
	if err != nil {
		t.Fatal(err)
	}
	return &certificatesv1.CertificateSigningRequest{ObjectMeta: metav1.ObjectMeta{Name: "r"}, Spec: certificatesv1.CertificateSigningRequestSpec{
		SignerName: signer, Username: user, Usages: usages, Request: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})}}
}

// TestApproval has requests of users who may make some of them.
func TestApproval(t *testing.T) {
	const kubelet, node = certificatesv1.KubeAPIServerClientKubeletSignerName, "system:node:n1"
	client := []certificatesv1.KeyUsage{certificatesv1.UsageDigitalSignature, certificatesv1.UsageClientAuth}
	const first = "Auto approving kubelet client certificate after SubjectAccessReview."
	const renewal = "Auto approving self kubelet client certificate after SubjectAccessReview."
	for _, test := range []struct {
		name    string
		request *certificatesv1.CertificateSigningRequest
		// may is the subresource that the user may create. The user may do so only a
		// while after the request.
		may  string
		want string
	}{
		{"of a new node", request(t, kubelet, "bootstrap", node, client...), "nodeclient", first},
		{"of a node for itself", request(t, kubelet, node, node, client...), "selfnodeclient", renewal},
		{"of a node for itself, as for others", request(t, kubelet, node, node, client...), "nodeclient", first},
		{"of a node for another", request(t, kubelet, node, "system:node:n2", client...), "selfnodeclient", ""},
		{"of somebody", request(t, kubelet, "bob", node, client...), "", ""},
		{"not of a node", request(t, kubelet, "bootstrap", "n1", client...), "nodeclient", ""},
		{"for other usages", request(t, kubelet, "bootstrap", node, certificatesv1.UsageServerAuth), "nodeclient", ""},
		{"of another signer", request(t, certificatesv1.KubeletServingSignerName, "bootstrap", node, client...), "nodeclient", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := func() *fake.Clientset {
				begin := time.Now()
				c := fake.NewClientset(test.request)
				c.PrependReactor("create", "subjectaccessreviews", func(action clienttesting.Action) (bool, runtime.Object, error) {
					review := action.(clienttesting.CreateAction).GetObject().(*authorizationv1.SubjectAccessReview).DeepCopy()
					a := review.Spec.ResourceAttributes
					review.Status.Allowed = review.Spec.User == test.request.Spec.Username && a.Group == "certificates.k8s.io" && a.Verb == "create" &&
						a.Resource == "certificatesigningrequests" && a.Subresource == test.may && time.Since(begin) > time.Second
					return true, review, nil
				})
				return c
			}
			looptest.On(t, csrapproving.Controller(), server, controllers.Deps{}, func(t *testing.T, c *fake.Clientset) {
				time.Sleep(time.Hour)
				synctest.Wait()
				r, err := c.CertificatesV1().CertificateSigningRequests().Get(t.Context(), "r", metav1.GetOptions{})
				if err != nil {
					t.Fatal(err)
				}
				got := ""
				for _, condition := range r.Status.Conditions {
					got += condition.Message
				}
				if got != test.want || got != "" && (r.Status.Conditions[0].Type != "Approved" || r.Status.Conditions[0].Reason != "AutoApproved") {
					t.Errorf("conditions %v, want %q", r.Status.Conditions, test.want)
				}
			})
		})
	}
}
