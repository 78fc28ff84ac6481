package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/remotecommand"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/test/kubelet"
)

// TestStreamRights gives users some verbs of pods/exec and pods/log. A WebSocket is
// opened with GET, but needs the right to create nevertheless.
func TestStreamRights(t *testing.T) {
	t.Parallel()
	c := startCluster(t, kubelet.Config{})
	for _, test := range []struct {
		user            string
		verbs           []string
		webSocket, spdy bool
		logs, nodeProxy bool
	}{
		{user: "nobody"},
		{user: "getter", verbs: []string{"get"}, logs: true, nodeProxy: true},
		{user: "creator", verbs: []string{"create"}, spdy: true},
		{user: "both", verbs: []string{"get", "create"}, webSocket: true, spdy: true, logs: true, nodeProxy: true},
	} {
		t.Run(test.user, func(t *testing.T) {
			if test.verbs != nil {
				rule := rbacv1.PolicyRule{Verbs: test.verbs, APIGroups: []string{""}, Resources: []string{"pods/exec", "pods/log", "nodes/proxy"}}
				_, err := c.client.RbacV1().ClusterRoles().Create(t.Context(), &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: test.user},
					Rules: []rbacv1.PolicyRule{rule}}, metav1.CreateOptions{})
				testutil.Check(t, err)
				_, err = c.client.RbacV1().ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: test.user},
					RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: test.user},
					Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: test.user}}}, metav1.CreateOptions{})
				testutil.Check(t, err)
			}
			config, err := c.ConfigFor(test.user)
			testutil.Check(t, err)
			client := kubernetes.NewForConfigOrDie(config)
			check := func(what string, err error, allowed bool) {
				if allowed && err != nil || !allowed && !apierrors.IsForbidden(err) && (err == nil || !strings.Contains(err.Error(), "forbidden")) {
					t.Errorf("%s: %v, want allowed %v", what, err, allowed)
				}
			}
			for _, spdy := range []bool{false, true} {
				var out strings.Builder
				err := c.execAs(t.Context(), config, spdy, "p", "c", remotecommand.StreamOptions{Stdin: strings.NewReader("input"), Stdout: &out}, "cat")
				check(map[bool]string{false: "exec by WebSocket", true: "exec by SPDY"}[spdy], err, map[bool]bool{false: test.webSocket, true: test.spdy}[spdy])
			}
			_, err = client.CoreV1().Pods("default").GetLogs("p", &corev1.PodLogOptions{}).DoRaw(t.Context())
			check("logs", err, test.logs)
			_, err = client.CoreV1().RESTClient().Get().AbsPath("/api/v1/nodes/n/proxy/healthz").DoRaw(t.Context())
			check("the proxy of the node", err, test.nodeProxy)
		})
	}
}

// TestStreamIsAudited expects an event when a stream has begun, and one when it has
// ended.
func TestStreamIsAudited(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	policy, log := filepath.Join(dir, "policy.yaml"), filepath.Join(dir, "audit.log")
	testutil.Check(t, os.WriteFile(policy, []byte(`apiVersion: audit.k8s.io/v1
kind: Policy
rules:
- level: Metadata
  resources: [{group: "", resources: ["pods/exec"]}]
- level: None
`), 0o600))
	c := startCluster(t, kubelet.Config{}, "--audit-policy-file="+policy, "--audit-log-path="+log)
	var out strings.Builder
	testutil.Check(t, c.exec(t.Context(), false, "p", "c", remotecommand.StreamOptions{Stdin: strings.NewReader("input"), Stdout: &out}, "cat"))
	want := []string{"get exec p RequestReceived 0", "get exec p ResponseStarted 101", "get exec p ResponseComplete 101"}
	var got []string
	eventually(t, "the stream is audited", func() bool {
		got = nil
		data, err := os.ReadFile(log)
		testutil.Check(t, err)
		for line := range bytes.Lines(data) {
			var event auditv1.Event
			testutil.Check(t, json.Unmarshal(line, &event))
			code := int32(0)
			if event.ResponseStatus != nil {
				code = event.ResponseStatus.Code
			}
			got = append(got, fmt.Sprintf("%s %s %s %s %d", event.Verb, event.ObjectRef.Subresource, event.ObjectRef.Name, event.Stage, code))
		}
		return len(got) >= len(want)
	})
	if !slices.Equal(got, want) {
		t.Errorf("events %q, want %q", got, want)
	}
}
