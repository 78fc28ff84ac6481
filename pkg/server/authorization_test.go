package server_test

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

func impersonate(s *testserver.Server, user string, groups ...string) kubernetes.Interface {
	config := restclient.CopyConfig(s.Config)
	config.Impersonate = restclient.ImpersonationConfig{UserName: user, Groups: groups}
	return kubernetes.NewForConfigOrDie(config)
}

// eventually polls until holds returns true.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	err := wait.PollUntilContextTimeout(t.Context(), 2*time.Millisecond, 20*time.Second, true, func(context.Context) (bool, error) { return holds(), nil })
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// TestNodes checks that a kubelet can read what its pods need, and nothing
// else.
func TestNodes(t *testing.T) {
	ctx := t.Context()
	s := testserver.Start(t)
	admin := kubernetes.NewForConfigOrDie(s.Config).CoreV1()
	a, b := impersonate(s, "system:node:a", "system:nodes"), impersonate(s, "system:node:b", "system:nodes")
	start := func(name, node string) {
		t.Helper()
		if _, err := admin.Secrets("default").Create(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.PodSpec{NodeName: node, Containers: []corev1.Container{
			{Name: "c", Image: "i",
				EnvFrom: []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: name}}}}}}}}
		if _, err := admin.Pods("default").Create(ctx, pod, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	get := func(client kubernetes.Interface, name string) error {
		_, err := client.CoreV1().Secrets("default").Get(ctx, name, metav1.GetOptions{})
		return err
	}
	start("of-a", "a")
	start("of-b", "b")
	if err := get(a, "of-a"); err != nil {
		t.Errorf("the first request, which waits for the graph: %v", err)
	}
	const unrelated = `secrets "of-b" is forbidden: User "system:node:a" cannot get resource "secrets" in API group "" in the namespace "default": ` +
		"no relationship found between node 'a' and this object"
	if err := get(a, "of-b"); !apierrors.IsForbidden(err) || err.Error() != unrelated {
		t.Errorf("another node's secret: %v", err)
	}
	if err := get(b, "of-b"); err != nil {
		t.Errorf("the other node's own secret: %v", err)
	}
	if _, err := a.CoreV1().Secrets("default").List(ctx, metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("all secrets: %v", err)
	}
	if list, err := a.CoreV1().Secrets("default").List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=of-a"}); err != nil || len(list.Items) != 1 {
		t.Errorf("a list of one secret: %v", err)
	}
	if list, err := a.CoreV1().Pods("").List(ctx, metav1.ListOptions{FieldSelector: "spec.nodeName=a"}); err != nil || len(list.Items) != 1 {
		t.Errorf("own pods: %v", err)
	}
	if _, err := a.CoreV1().Pods("").List(ctx, metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("all pods: %v", err)
	}
	start("later", "a")
	eventually(t, "a pod that came later", func() bool { return get(a, "later") == nil })
	if err := admin.Pods("default").Delete(ctx, "of-a", metav1.DeleteOptions{GracePeriodSeconds: ptr.To(int64(0))}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a pod that is gone", func() bool { return apierrors.IsForbidden(get(a, "of-a")) })
}

// reviewer starts a webhook that denies everything to mallory and has no
// opinion on other users. It returns the kubeconfig of the webhook and a
// function that stops it.
func reviewer(t *testing.T) (kubeconfig string, stop func()) {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var review authorizationv1.SubjectAccessReview
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			t.Error(err)
		}
		review.Status = authorizationv1.SubjectAccessReviewStatus{Denied: review.Spec.User == "mallory", Reason: "the webhook says so"}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(review) // if this fails, the server receives an incomplete answer
	}))
	t.Cleanup(server.Close)
	kubeconfig = filepath.Join(t.TempDir(), "webhook.kubeconfig")
	err := clientcmd.WriteToFile(clientcmdapi.Config{
		Clusters: map[string]*clientcmdapi.Cluster{"c": {Server: server.URL,
			CertificateAuthorityData: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})}},
		Contexts: map[string]*clientcmdapi.Context{"x": {Cluster: "c"}}, CurrentContext: "x"}, kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	return kubeconfig, server.Close
}

// letReadersList allows alice and mallory to list config maps.
func letReadersList(t *testing.T, s *testserver.Server) {
	t.Helper()
	admin := kubernetes.NewForConfigOrDie(s.Config).RbacV1()
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "reader"},
		Rules: []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"list"}}}}
	if _, err := admin.ClusterRoles().Create(t.Context(), role, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	binding := &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "readers"}, RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: "reader"},
		Subjects: []rbacv1.Subject{{Kind: "User", Name: "alice"}, {Kind: "User", Name: "mallory"}}}
	if _, err := admin.ClusterRoleBindings().Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func list(t *testing.T, client kubernetes.Interface) error {
	t.Helper()
	_, err := client.CoreV1().ConfigMaps("default").List(t.Context(), metav1.ListOptions{})
	return err
}

// TestWebhookMode checks that the other modes decide when the webhook is not
// available.
func TestWebhookMode(t *testing.T) {
	kubeconfig, stop := reviewer(t)
	s := testserver.Start(t, testserver.Options{Flags: []string{
		"--authorization-mode=Webhook,RBAC", "--authorization-webhook-config-file=" + kubeconfig, "--authorization-webhook-version=v1",
		"--authorization-webhook-cache-unauthorized-ttl=0s",
	}})
	letReadersList(t, s)
	alice, mallory := impersonate(s, "alice"), impersonate(s, "mallory")
	eventually(t, "no opinion, and RBAC allows", func() bool { return list(t, alice) == nil })
	if err := list(t, mallory); !apierrors.IsForbidden(err) || !strings.HasSuffix(err.Error(), ": the webhook says so") {
		t.Errorf("denied: %v", err)
	}
	stop()
	if err := list(t, mallory); err != nil {
		t.Errorf("RBAC allows, without the webhook: %v", err)
	}
	if err := list(t, impersonate(s, "nobody")); !apierrors.IsInternalError(err) {
		t.Errorf("nobody allows, without the webhook: %v", err)
	}
}

// TestAuthorizationConfig checks that a webhook with the failure policy Deny
// denies requests when it is not available, and that the file is reloaded.
func TestAuthorizationConfig(t *testing.T) {
	kubeconfig, stop := reviewer(t)
	file := filepath.Join(t.TempDir(), "authorization.yaml")
	configure := func(webhooks string) {
		t.Helper()
		content := "apiVersion: apiserver.config.k8s.io/v1\nkind: AuthorizationConfiguration\nauthorizers:\n" + webhooks +
			"- {type: RBAC, name: rbac}\n- {type: Node, name: node}\n"
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	configure("")
	s := testserver.Start(t, testserver.Options{Flags: []string{"--authorization-config=" + file}})
	letReadersList(t, s)
	alice, mallory := impersonate(s, "alice"), impersonate(s, "mallory")
	eventually(t, "without a webhook", func() bool { return list(t, mallory) == nil })

	configure(fmt.Sprintf("- type: Webhook\n  name: hook\n  webhook: {timeout: 3s, subjectAccessReviewVersion: v1, matchConditionSubjectAccessReviewVersion: v1, failurePolicy: Deny, "+
		"cacheUnauthorizedRequests: false, connectionInfo: {type: KubeConfigFile, kubeConfigFile: %q}, matchConditions: [{expression: 'request.user != \"alice\"'}]}\n", kubeconfig))
	eventually(t, "with a webhook", func() bool { return apierrors.IsForbidden(list(t, mallory)) })
	if err := list(t, alice); err != nil {
		t.Errorf("the webhook is not asked about alice: %v", err)
	}
	stop()
	if err := list(t, mallory); err == nil {
		t.Error("mallory may read while the webhook is gone")
	}
	if err := list(t, alice); err != nil {
		t.Errorf("alice, without the webhook: %v", err)
	}
	configure("")
	eventually(t, "without a webhook again", func() bool { return list(t, mallory) == nil })
}

// TestWithoutRBAC starts a server that does not serve roles.
func TestWithoutRBAC(t *testing.T) {
	s := testserver.Start(t, testserver.Options{Flags: []string{"--runtime-config=rbac.authorization.k8s.io/v1=false", "--controllers=*"}})
	if err := list(t, kubernetes.NewForConfigOrDie(s.Config)); err != nil {
		t.Errorf("the administrator: %v", err)
	}
	if err := list(t, impersonate(s, "alice")); !apierrors.IsForbidden(err) {
		t.Errorf("alice: %v", err)
	}
}

func TestAlwaysAllow(t *testing.T) {
	s := testserver.Start(t, testserver.Options{Flags: []string{"--authorization-mode=AlwaysAllow"}})
	if err := list(t, impersonate(s, "alice")); err != nil {
		t.Error(err)
	}
}
