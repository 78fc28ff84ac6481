package certificates

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"testing"

	certificatesv1 "k8s.io/api/certificates/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/initializer"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// call validates a write by a user with one right, such as "approve example.com/*".
// old is nil if the object is new.
func call(t *testing.T, plugin admission.Plugin, right, subresource string, obj, old runtime.Object) string {
	t.Helper()
	p, err := plugin.New(nil)
	testutil.Check(t, err)
	if wants, ok := p.(initializer.WantsAuthorizer); ok {
		wants.SetAuthorizer(authorizer.AuthorizerFunc(func(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
			if a.GetAPIGroup() != "certificates.k8s.io" || a.GetAPIVersion() != "*" || a.GetResource() != "signers" || !a.IsResourceRequest() {
				t.Errorf("question about %v", a)
			}
			if a.GetVerb()+" "+a.GetName() == right {
				return authorizer.DecisionAllow, "", nil
			}
			return authorizer.DecisionNoOpinion, "", nil
		}))
	}
	operation := apiadmission.Update
	if old == nil {
		operation = apiadmission.Create
	}
	resource := "certificatesigningrequests"
	if _, ok := obj.(bundle); ok {
		resource = "clustertrustbundles"
	}
	return fmt.Sprint(p.(apiadmission.ValidationInterface).Validate(t.Context(), apiadmission.NewAttributesRecord(obj, old, schema.GroupVersionKind{}, "", "r",
		certificatesv1.SchemeGroupVersion.WithResource(resource), subresource, operation, nil, false, &user.DefaultInfo{Name: "u"}), nil))
}

// TestRequests writes the subresources of a request for the signer example.com/a.
func TestRequests(t *testing.T) {
	old := &certificatesv1.CertificateSigningRequest{Spec: certificatesv1.CertificateSigningRequestSpec{SignerName: "example.com/a"}}
	other := old.DeepCopy()
	other.Spec.SignerName = "example.org/b"
	conditions, signed := old.DeepCopy(), old.DeepCopy()
	conditions.Status.Conditions = []certificatesv1.CertificateSigningRequestCondition{{Type: certificatesv1.CertificateFailed}}
	signed.Status.Certificate = []byte("x")
	const noApproval = `certificatesigningrequests.certificates.k8s.io "r" is forbidden: user not permitted to approve requests with signerName "example.com/a"`
	const noSigning = `certificatesigningrequests.certificates.k8s.io "r" is forbidden: user not permitted to sign requests with signerName "example.com/a"`
	for _, test := range []struct {
		name, right, subresource string
		obj                      request
		want                     string
	}{
		{"approval without a right", "", "approval", conditions, noApproval},
		{"approval that changes nothing", "", "approval", old, noApproval},
		{"approval with another verb", "sign example.com/a", "approval", conditions, noApproval},
		{"approval for another signer", "approve example.com/b", "approval", conditions, noApproval},
		{"approval for the signer of the sent object", "approve example.org/b", "approval", other, noApproval},
		{"approval for the signer", "approve example.com/a", "approval", conditions, "<nil>"},
		{"approval for the domain", "approve example.com/*", "approval", conditions, "<nil>"},
		{"status that does not change", "", "status", other, "<nil>"},
		{"conditions", "", "status", conditions, noSigning},
		{"certificate", "approve example.com/a", "status", signed, noSigning},
		{"certificate of the signer", "sign example.com/a", "status", signed, "<nil>"},
		{"certificate of the domain", "sign example.com/*", "status", signed, "<nil>"},
		{"the request itself", "", "", signed, "<nil>"},
	} {
		t.Run(test.name, func(t *testing.T) {
			plugin := Approval()
			if test.subresource == "status" {
				plugin = Signing()
			}
			if got := call(t, plugin, test.right, test.subresource, test.obj, old); got != test.want {
				t.Errorf("%s\nwant %s", got, test.want)
			}
		})
	}
}

func TestSubjectRestriction(t *testing.T) {
	const denied = `certificatesigningrequests.certificates.k8s.io "r" is forbidden: ` +
		`use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed`
	for _, test := range []struct {
		name, signer string
		subject      pkix.Name
		want         string
	}{
		{"ordinary group", certificatesv1.KubeAPIServerClientSignerName, pkix.Name{Organization: []string{"dev"}}, "<nil>"},
		{"masters", certificatesv1.KubeAPIServerClientSignerName, pkix.Name{Organization: []string{"dev", "system:masters"}}, denied},
		{"masters as a name", certificatesv1.KubeAPIServerClientSignerName, pkix.Name{CommonName: "system:masters"}, "<nil>"},
		{"masters for another signer", "example.com/a", pkix.Name{Organization: []string{"system:masters"}}, "<nil>"},
	} {
		t.Run(test.name, func(t *testing.T) {
			key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
			testutil.Check(t, err)
			der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: test.subject}, key)
			testutil.Check(t, err)
			r := &certificatesv1.CertificateSigningRequest{Spec: certificatesv1.CertificateSigningRequestSpec{
				SignerName: test.signer, Request: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})}}
			if got := call(t, SubjectRestriction(), "", "", r, nil); got != test.want {
				t.Errorf("%s\nwant %s", got, test.want)
			}
		})
	}
	broken := &certificatesv1.CertificateSigningRequest{Spec: certificatesv1.CertificateSigningRequestSpec{
		SignerName: certificatesv1.KubeAPIServerClientSignerName}}
	if got, want := call(t, SubjectRestriction(), "", "", broken, nil),
		`certificatesigningrequests.certificates.k8s.io "r" is forbidden: failed to parse CSR: PEM block type must be CERTIFICATE REQUEST`; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestAttest(t *testing.T) {
	of := func(signer string, meta metav1.ObjectMeta) bundle {
		return &certificatesv1.ClusterTrustBundle{ObjectMeta: meta, Spec: certificatesv1.ClusterTrustBundleSpec{SignerName: signer}}
	}
	plain := of("example.com/a", metav1.ObjectMeta{})
	const denied = `clustertrustbundles.certificates.k8s.io "r" is forbidden: user not permitted to attest for signerName "example.com/a"`
	for _, test := range []struct {
		name, right string
		obj         bundle
		old         runtime.Object
		want        string
	}{
		{"create", "", plain, nil, denied},
		{"create without a signer", "", of("", metav1.ObjectMeta{}), nil, "<nil>"},
		{"create for another signer", "attest example.com/b", plain, nil, denied},
		{"create for the signer", "attest example.com/a", plain, nil, "<nil>"},
		{"create for the domain", "attest example.com/*", plain, nil, "<nil>"},
		{"update", "", of("example.com/a", metav1.ObjectMeta{Labels: map[string]string{"a": "b"}}), plain, denied},
		{"update for the signer", "attest example.com/a", of("example.com/a", metav1.ObjectMeta{Labels: map[string]string{"a": "b"}}), plain, "<nil>"},
		{"update that changes nothing", "", plain, plain, "<nil>"},
		{"update of finalizers and owners", "", of("example.com/a", metav1.ObjectMeta{Finalizers: []string{"a.b/c"},
			OwnerReferences: []metav1.OwnerReference{{Name: "o"}}}), plain, "<nil>"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := call(t, Attest(), test.right, "", test.obj, test.old); got != test.want {
				t.Errorf("%s\nwant %s", got, test.want)
			}
		})
	}
}
