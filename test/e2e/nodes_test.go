package e2e

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/component-helpers/apimachinery/lease"
	"k8s.io/utils/clock"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/csrapproving"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/csrsigning"
	"github.com/gatehouse-k8s/gatehouse/pkg/controllers/serviceaccount"
	"github.com/gatehouse-k8s/gatehouse/pkg/pki"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// joinable is a cluster which nodes can join with a token of kubeadm's.
type joinable struct {
	*testserver.Server
	admin   kubernetes.Interface
	dataDir string
	token   string
}

func newJoinable(t *testing.T) joinable {
	t.Helper()
	c := joinable{dataDir: t.TempDir()}
	c.Server = testserver.Start(t, testserver.Options{DataDir: c.dataDir, Flags: []string{"--enable-bootstrap-token-auth"},
		EnableAdmissionPlugins: []string{"NodeRestriction"}, Controllers: []string{csrapproving.Name, csrsigning.Name, serviceaccount.Name}})
	c.admin = kubernetes.NewForConfigOrDie(c.Config)
	letNodesJoin(t, c.admin)
	c.token = createToken(t, c.admin, "abcdef", "0123456789abcdef", nodeTokenGroup)
	return c
}

// TestNodeJoins does what a kubelet does from the token with which it joins until its
// certificate is renewed.
func TestNodeJoins(t *testing.T) {
	t.Parallel()
	c := newJoinable(t)
	k := newNodeClient(t, c.Config, "n1")
	k.join(c.token)
	requests := requestsOf(t, c.admin, "system:bootstrap:abcdef", certificatesv1.KubeAPIServerClientKubeletSignerName)
	if len(requests) != 1 || len(requests[0].Status.Conditions) != 1 ||
		requests[0].Status.Conditions[0].Message != "Auto approving kubelet client certificate after SubjectAccessReview." {
		t.Fatalf("the requests with the token are %v", requests)
	}
	// From now on the node needs no token.
	testutil.Check(t, c.admin.CoreV1().Secrets(metav1.NamespaceSystem).Delete(t.Context(), "bootstrap-token-abcdef", metav1.DeleteOptions{}))
	user, err := whoami(t, k.config())
	if testutil.Check(t, err); user.Username != "system:node:n1" {
		t.Errorf("the certificate is that of %v", user)
	}
	k.register()
	t.Run("lease", func(t *testing.T) { c.testLease(t, k) })
	t.Run("status", func(t *testing.T) { c.testNodeStatus(t, k) })
	t.Run("pod", func(t *testing.T) { c.testNodePod(t, k) })
	t.Run("serving certificate", func(t *testing.T) { c.testServing(t, k) })
	t.Run("renewal", func(t *testing.T) { c.testRenewal(t, k) })
}

// testLease renews the lease of the node with the controller of the kubelet.
func (c joinable) testLease(t *testing.T, k *nodeClient) {
	owned := func(l *coordinationv1.Lease) error {
		node, err := k.client().CoreV1().Nodes().Get(t.Context(), k.node, metav1.GetOptions{})
		if err == nil {
			l.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "Node", Name: node.Name, UID: node.UID}}
		}
		return err
	}
	controller := lease.NewController(clock.RealClock{}, k.client(), k.node, 40, func() { t.Error("the lease cannot be renewed") }, 50*time.Millisecond, k.node,
		corev1.NamespaceNodeLease, owned)
	go controller.Run(t.Context())
	var first metav1.MicroTime
	eventually(t, "the lease is renewed", func() bool {
		l, err := c.admin.CoordinationV1().Leases(corev1.NamespaceNodeLease).Get(t.Context(), k.node, metav1.GetOptions{})
		if err != nil || l.Spec.RenewTime == nil {
			return false
		}
		if first.IsZero() {
			first = *l.Spec.RenewTime
		}
		return *l.Spec.HolderIdentity == k.node && first.Before(l.Spec.RenewTime)
	})
}

// testNodeStatus says that the node is ready.
func (c joinable) testNodeStatus(t *testing.T, k *nodeClient) {
	patch, err := json.Marshal(map[string]any{"status": map[string]any{
		"conditions": []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady", LastHeartbeatTime: metav1.Now()}},
	}})
	testutil.Check(t, err)
	_, err = k.client().CoreV1().Nodes().Patch(t.Context(), k.node, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
	testutil.Check(t, err)
	node, err := c.admin.CoreV1().Nodes().Get(t.Context(), k.node, metav1.GetOptions{})
	testutil.Check(t, err)
	if s := node.Status; len(s.Conditions) != 1 || s.Conditions[0].Status != corev1.ConditionTrue || s.DaemonEndpoints.KubeletEndpoint.Port != 10250 ||
		len(s.Addresses) != 1 {
		t.Errorf("the status is %v", s)
	}
}

// testNodePod runs a pod, as far as the API is concerned: the kubelet finds it, reads
// what it mounts, gets a token for it and says that it runs.
func (c joinable) testNodePod(t *testing.T, k *nodeClient) {
	ctx, own := t.Context(), k.client().CoreV1()
	for _, name := range []string{"mounted", "other"} {
		_, err := c.admin.CoreV1().Secrets("default").Create(ctx, &corev1.Secret{ObjectMeta: named(name)}, metav1.CreateOptions{})
		testutil.Check(t, err)
	}
	eventually(t, "the account exists", func() bool {
		_, err := c.admin.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{})
		return err == nil
	})
	p := pod("p")
	p.Spec.NodeName = k.node
	p.Spec.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "mounted"}}}}
	_, err := c.admin.CoreV1().Pods("default").Create(ctx, p, metav1.CreateOptions{})
	testutil.Check(t, err)

	pods, err := own.Pods("").List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=" + k.node})
	if testutil.Check(t, err); len(pods.Items) != 1 {
		t.Fatalf("the node has %d pods", len(pods.Items))
	}
	eventually(t, "the node may read the secret", func() bool {
		_, err := own.Secrets("default").Get(ctx, "mounted", metav1.GetOptions{})
		return err == nil
	})
	if _, err := own.Secrets("default").Get(ctx, "other", metav1.GetOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("a secret of nobody: %v", err)
	}
	_, err = own.ServiceAccounts("default").CreateToken(ctx, "default", &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{
		BoundObjectRef: &authenticationv1.BoundObjectReference{APIVersion: "v1", Kind: "Pod", Name: "p", UID: pods.Items[0].UID}}}, metav1.CreateOptions{})
	testutil.Check(t, err)
	_, err = own.Pods("default").Patch(ctx, "p", types.StrategicMergePatchType, []byte(`{"status":{"phase":"Running"}}`), metav1.PatchOptions{}, "status")
	testutil.Check(t, err)
	if p, err := c.admin.CoreV1().Pods("default").Get(ctx, "p", metav1.GetOptions{}); err != nil || p.Status.Phase != corev1.PodRunning {
		t.Errorf("the pod is %v, %v", p.Status, err)
	}
}

// testServing lets an administrator approve the certificate with which the kubelet
// serves: nobody else does.
func (c joinable) testServing(t *testing.T, k *nodeClient) {
	m, stop := k.manageServing()
	defer stop()
	var requests []certificatesv1.CertificateSigningRequest
	eventually(t, "the node asks for a serving certificate", func() bool {
		requests = requestsOf(t, c.admin, "system:node:n1", certificatesv1.KubeletServingSignerName)
		return len(requests) > 0
	})
	c.signsAnother(t, k)
	r, err := c.admin.CertificatesV1().CertificateSigningRequests().Get(t.Context(), requests[0].Name, metav1.GetOptions{})
	if testutil.Check(t, err); len(r.Status.Conditions) > 0 {
		t.Errorf("somebody has decided: %v", r.Status.Conditions)
	}
	r.Status.Conditions = []certificatesv1.CertificateSigningRequestCondition{{Type: certificatesv1.CertificateApproved, Status: corev1.ConditionTrue}}
	_, err = c.admin.CertificatesV1().CertificateSigningRequests().UpdateApproval(t.Context(), r.Name, r, metav1.UpdateOptions{})
	testutil.Check(t, err)
	eventually(t, "the node has a serving certificate", func() bool { return m.Current() != nil })
	if err := m.Current().Leaf.VerifyHostname("192.0.2.20"); err != nil {
		t.Error(err)
	}
}

// signsAnother waits until a later request of the node is approved and signed. What is
// undecided then, the controllers do not decide.
func (c joinable) signsAnother(t *testing.T, k *nodeClient) {
	t.Helper()
	name := fmt.Sprintf("another-%d", time.Now().UnixNano())
	request, _ := certificateRequest(t, "system:node:"+k.node, nodesGroup)
	_, err := k.client().CertificatesV1().CertificateSigningRequests().Create(t.Context(), &certificatesv1.CertificateSigningRequest{ObjectMeta: named(name),
		Spec: certificatesv1.CertificateSigningRequestSpec{Request: request, SignerName: certificatesv1.KubeAPIServerClientKubeletSignerName,
			Usages: []certificatesv1.KeyUsage{certificatesv1.UsageDigitalSignature, certificatesv1.UsageClientAuth}}}, metav1.CreateOptions{})
	testutil.Check(t, err)
	awaitCertificate(t, c.admin, name)
}

// testRenewal gives the kubelet a certificate that soon ends, as if it had been there
// for a long time. The kubelet asks for another one, with the one that it has.
func (c joinable) testRenewal(t *testing.T, k *nodeClient) {
	const life = time.Hour
	cert, key, err := pki.Existing(filepath.Join(c.dataDir, "pki")).IssueClient(time.Now().Add(-life*29/30), life, "system:node:n1", nodesGroup)
	testutil.Check(t, err)
	old, err := k.store("kubelet-client").Update(cert, key)
	testutil.Check(t, err)
	before := len(requestsOf(t, c.admin, "system:node:n1", certificatesv1.KubeAPIServerClientKubeletSignerName))
	m, stop := k.manageClient("")
	defer stop()
	eventually(t, "the certificate is renewed", func() bool {
		current := m.Current()
		return current != nil && current.Leaf.NotAfter.After(old.Leaf.NotAfter)
	})
	requests := requestsOf(t, c.admin, "system:node:n1", certificatesv1.KubeAPIServerClientKubeletSignerName)
	if len(requests) != before+1 {
		t.Fatalf("the node has made %d requests, %d before", len(requests), before)
	}
	user, err := whoami(t, k.config())
	if testutil.Check(t, err); user.Username != "system:node:n1" {
		t.Errorf("the certificate is that of %v", user)
	}
}
