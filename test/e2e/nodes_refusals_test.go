package e2e

import (
	"fmt"
	"testing"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// requestAs makes a request for the client certificate of a kubelet.
func requestAs(t *testing.T, config *restclient.Config, name, user string, groups ...string) error {
	t.Helper()
	request, _ := certificateRequest(t, user, groups...)
	_, err := kubernetes.NewForConfigOrDie(config).CertificatesV1().CertificateSigningRequests().Create(t.Context(),
		&certificatesv1.CertificateSigningRequest{ObjectMeta: named(name), Spec: certificatesv1.CertificateSigningRequestSpec{
			Request: request, SignerName: certificatesv1.KubeAPIServerClientKubeletSignerName,
			Usages: []certificatesv1.KeyUsage{certificatesv1.UsageDigitalSignature, certificatesv1.UsageClientAuth}}}, metav1.CreateOptions{})
	return err
}

// TestNodeRequestsRefused asks for certificates that a node must not get.
func TestNodeRequestsRefused(t *testing.T) {
	t.Parallel()
	c := newJoinable(t)
	k := newNodeClient(t, c.Config, "n1")
	k.join(c.token)
	token := func(id, groups string) *restclient.Config {
		config := restclient.AnonymousClientConfig(c.Config)
		config.BearerToken = createToken(t, c.admin, id, "0123456789abcdef", groups)
		return config
	}
	const (
		may     = "system:bootstrappers:may-ask" // may ask, but nobody approves
		mayNot  = "system:bootstrappers:may-not-ask"
		refused = "Forbidden"
	)
	bindGroup(t, c.admin, "may-ask", "system:node-bootstrapper", may)
	wrong := restclient.AnonymousClientConfig(c.Config)
	wrong.BearerToken = "abcdef.0123456789abcdee"
	expired := token("expire", nodeTokenGroup)
	_, err := c.admin.CoreV1().Secrets(metav1.NamespaceSystem).Patch(t.Context(), "bootstrap-token-expire", types.MergePatchType,
		fmt.Appendf(nil, `{"stringData":{"expiration":%q}}`, time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)), metav1.PatchOptions{})
	testutil.Check(t, err)
	bootstrap := restclient.AnonymousClientConfig(c.Config)
	bootstrap.BearerToken = c.token

	for _, test := range []struct {
		name   string
		config *restclient.Config
		user   string
		groups []string
		reason metav1.StatusReason // of the refusal; none if the request is made, and waits
	}{
		{"token of another group", token("mayno1", mayNot), "system:node:n2", []string{nodesGroup}, refused},
		{"token of a group that is not approved", token("mayyes", may), "system:node:n2", []string{nodesGroup}, ""},
		{"wrong secret", wrong, "system:node:n2", []string{nodesGroup}, metav1.StatusReasonUnauthorized},
		{"expired token", expired, "system:node:n2", []string{nodesGroup}, metav1.StatusReasonUnauthorized},
		{"no credentials", restclient.AnonymousClientConfig(c.Config), "system:node:n2", []string{nodesGroup}, refused},
		{"no node", bootstrap, "admin", []string{nodesGroup}, ""},
		{"no group of nodes", bootstrap, "system:node:n2", []string{"developers"}, ""},
		{"administrators", bootstrap, "system:node:n2", []string{"system:masters"}, ""},
		{"node for another node", k.config(), "system:node:n2", []string{nodesGroup}, refused},
	} {
		t.Run(test.name, func(t *testing.T) {
			name := fmt.Sprintf("r-%d", time.Now().UnixNano())
			err := requestAs(t, test.config, name, test.user, test.groups...)
			if reason := apierrors.ReasonForError(err); test.reason != "" {
				if reason != test.reason {
					t.Errorf("got %v, want %s", err, test.reason)
				}
				return
			}
			testutil.Check(t, err)
			c.signsAnother(t, k)
			r, err := c.admin.CertificatesV1().CertificateSigningRequests().Get(t.Context(), name, metav1.GetOptions{})
			if testutil.Check(t, err); len(r.Status.Conditions) > 0 || len(r.Status.Certificate) > 0 {
				t.Errorf("the request is %v", r.Status)
			}
		})
	}
}

// TestNodeRestricted does what a node must not do to another one.
func TestNodeRestricted(t *testing.T) {
	t.Parallel()
	c := newJoinable(t)
	one, two := newNodeClient(t, c.Config, "n1"), newNodeClient(t, c.Config, "n2")
	for _, k := range []*nodeClient{one, two} {
		k.join(c.token)
		k.register()
	}
	client, ctx := one.client(), t.Context()
	for name, do := range map[string]func() error{
		"another node": func() error {
			_, err := client.CoreV1().Nodes().Create(ctx, &corev1.Node{ObjectMeta: named("n3")}, metav1.CreateOptions{})
			return err
		},
		"status of another node": func() error {
			_, err := client.CoreV1().Nodes().Patch(ctx, "n2", types.MergePatchType, []byte(`{"status":{"phase":"Pending"}}`), metav1.PatchOptions{}, "status")
			return err
		},
		"lease of another node": func() error {
			_, err := client.CoordinationV1().Leases(corev1.NamespaceNodeLease).Create(ctx, &coordinationv1.Lease{ObjectMeta: named("n2")}, metav1.CreateOptions{})
			return err
		},
		"its own role": func() error {
			_, err := client.CoreV1().Nodes().Patch(ctx, "n1", types.MergePatchType,
				[]byte(`{"metadata":{"labels":{"node-role.kubernetes.io/control-plane":""}}}`), metav1.PatchOptions{})
			return err
		},
		"its own end": func() error { return client.CoreV1().Nodes().Delete(ctx, "n1", metav1.DeleteOptions{}) },
		"pods of all nodes": func() error {
			_, err := client.CoreV1().Pods("").List(ctx, metav1.ListOptions{})
			return err
		},
		"pods of another node": func() error {
			_, err := client.CoreV1().Pods("").List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=n2"})
			return err
		},
		"approval of its own request": func() error {
			requests := requestsOf(t, c.admin, "system:bootstrap:abcdef", certificatesv1.KubeAPIServerClientKubeletSignerName)
			_, err := client.CertificatesV1().CertificateSigningRequests().UpdateApproval(ctx, requests[0].Name, &requests[0], metav1.UpdateOptions{})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			if err := do(); !apierrors.IsForbidden(err) {
				t.Errorf("got %v", err)
			}
		})
	}
}
