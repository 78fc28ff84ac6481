package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/pki"
)

// TestAccess requests public and protected paths with all kinds of credentials.
func TestAccess(t *testing.T) {
	t.Parallel()
	tokens := file(t, "tokens.csv", "admin-token,admin,1,\"system:masters\"\nuser-token,user,2,\"developers\"\n")
	keys, err := pki.Ensure(filepath.Join(t.TempDir(), "pki"), pki.Request{Hosts: []string{"127.0.0.1"}, Now: time.Now()})
	testutil.Check(t, err)
	_, admin := serve(t, t.TempDir(), "--token-auth-file="+tokens, "--client-ca-file="+keys.CA.CertFile)
	strangers, err := pki.Ensure(filepath.Join(t.TempDir(), "pki"), pki.Request{Hosts: []string{"127.0.0.1"}, Now: time.Now()})
	testutil.Check(t, err)

	anonymous := restclient.AnonymousClientConfig(admin)
	with := func(change func(*restclient.Config)) *restclient.Config {
		config := restclient.CopyConfig(anonymous)
		change(config)
		return config
	}
	public := []string{"/healthz", "/livez", "/readyz", "/version"}
	discovery := []string{"/api", "/apis/apps/v1", "/openapi/v3"}
	private := []string{"/api/v1/namespaces/default/configmaps", "/metrics", "/readyz/etcd", "/debug/pprof/"}
	for _, tt := range []struct {
		name                       string
		config                     *restclient.Config
		public, discovery, private int
	}{
		{"administrator's kubeconfig", admin, 200, 200, 200},
		{"anonymous", anonymous, 200, 403, 403},
		{"token of an administrator", with(func(c *restclient.Config) { c.BearerToken = "admin-token" }), 200, 200, 200},
		{"token of a user", with(func(c *restclient.Config) { c.BearerToken = "user-token" }), 200, 200, 403},
		{"bad token", with(func(c *restclient.Config) { c.BearerToken = "wrong" }), 401, 401, 401},
		{"certificate of --client-ca-file", with(func(c *restclient.Config) { c.CertFile, c.KeyFile = keys.Admin.CertFile, keys.Admin.KeyFile }), 200, 200, 200},
		{"certificate of another CA", with(func(c *restclient.Config) { c.CertFile, c.KeyFile = strangers.Admin.CertFile, strangers.Admin.KeyFile }), 401, 401, 401},
	} {
		for paths, want := range map[*[]string]int{&public: tt.public, &discovery: tt.discovery, &private: tt.private} {
			for _, path := range *paths {
				r := send(t, tt.config, request{path: path})
				if r.code != want {
					t.Errorf("%s: %s answers %d, not %d: %.200s", tt.name, path, r.code, want, r.body)
				}
				if want == http.StatusUnauthorized && r.status().Reason != metav1.StatusReasonUnauthorized ||
					want == http.StatusForbidden && r.status().Reason != metav1.StatusReasonForbidden {
					t.Errorf("%s: %s answers with %s", tt.name, path, r.body)
				}
			}
		}
	}
	r := send(t, anonymous, request{path: "/api/v1/pods"})
	const want = `pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" at the cluster scope`
	if r.status().Message != want {
		t.Errorf("%s", r.body)
	}
}

// TestAuditLog sends requests under an audit policy and reads the log.
func TestAuditLog(t *testing.T) {
	t.Parallel()
	policy := file(t, "policy.yaml", `
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: None, resources: [{group: "", resources: [secrets]}]}
- {level: RequestResponse, resources: [{group: "", resources: [configmaps]}], verbs: [create]}
- {level: Metadata}
`)
	log := filepath.Join(t.TempDir(), "audit.log")
	_, config := serve(t, t.TempDir(), "--audit-policy-file="+policy, "--audit-log-path="+log)
	create(t, kubernetes.NewForConfigOrDie(config), "default", "app")
	_, err := kubernetes.NewForConfigOrDie(config).CoreV1().Secrets("default").Create(t.Context(), &corev1.Secret{ObjectMeta: named("hidden")},
		metav1.CreateOptions{})
	testutil.Check(t, err)

	var found *auditv1.Event
	eventually(t, "the audit log has the creation", func() bool {
		data, err := os.ReadFile(log)
		if err != nil {
			return false
		}
		for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
			var event auditv1.Event
			if json.Unmarshal(lines.Bytes(), &event) != nil || event.ObjectRef == nil {
				continue
			}
			if event.ObjectRef.Resource == "secrets" {
				t.Errorf("against the policy: %s", lines.Text())
			}
			if event.Verb == "create" && event.ObjectRef.Resource == "configmaps" {
				found = &event
			}
		}
		return found != nil
	})
	if found.Level != auditv1.LevelRequestResponse || found.Stage != auditv1.StageResponseComplete || found.ResponseStatus.Code != 201 ||
		found.RequestObject == nil || found.ResponseObject == nil || found.User.Groups[0] != "system:masters" {
		t.Errorf("the event is %+v", found)
	}
}
