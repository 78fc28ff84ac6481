package authorization

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/component-base/metrics/legacyregistry"
)

// document returns the text of a configuration.
func document(authorizers ...string) string {
	return "apiVersion: apiserver.config.k8s.io/v1\nkind: AuthorizationConfiguration\nauthorizers:\n" + strings.Join(authorizers, "")
}

func simple(kind string) string {
	return fmt.Sprintf("- type: %s\n  name: %s\n", kind, strings.ToLower(kind))
}

// hooked returns the configuration of a webhook. more contains additional
// lines.
func hooked(name, kubeconfig string, more ...string) string {
	lines := fmt.Sprintf("- type: Webhook\n  name: %s\n  webhook:\n    timeout: 3s\n    subjectAccessReviewVersion: v1\n    failurePolicy: Deny\n"+
		"    connectionInfo:\n      type: KubeConfigFile\n      kubeConfigFile: %s\n", name, kubeconfig)
	for _, line := range more {
		lines += "    " + line + "\n"
	}
	return lines
}

func write(t *testing.T, file, content string) {
	t.Helper()
	// The file is replaced by a rename, so that it is never incomplete.
	if err := os.WriteFile(file+".new", []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
}

func TestFileErrors(t *testing.T) {
	h := newHook(t, status(true, false, ""))
	for _, test := range []struct{ content, want string }{
		{"", "authorizers: Required value: at least one authorization mode must be defined"},
		{"nonsense", "couldn't get version/kind"},
		{document(), "at least one authorization mode must be defined"},
		{document(simple("RBAC"), simple("RBAC")), "authorizers[1].type: Duplicate value"},
		{document(simple("Magic")), `authorizers[0].type: Unsupported value: "Magic"`},
		{document("- type: RBAC\n"), "authorizers[0].name: Required value"},
		{document("- type: RBAC\n  name: rbac\n  verbs: [get]\n"), `unknown field "authorizers[0].verbs"`},
		{document("- type: Webhook\n  name: hook\n"), "required when type=Webhook"},
		{document(hooked("a", h.kubeconfig), hooked("a", h.kubeconfig)), "authorizers[1].name: Duplicate value"},
		{document(hooked("a", "relative")), "must be an absolute path"},
		{document(hooked("a", "/does/not/exist")), "error loading file"},
		{document(strings.ReplaceAll(hooked("a", h.kubeconfig), "3s", "31s")), "must be > 0s and <= 30s"},
		{document(hooked("a", h.kubeconfig, "matchConditions:", "- expression: has(request.resourceAttributes)")),
			"matchConditionSubjectAccessReviewVersion: Required value"},
		{document(hooked("a", h.kubeconfig, "matchConditionSubjectAccessReviewVersion: v1", "matchConditions:", "- expression: request.user")),
			"must evaluate to bool"},
		{document(strings.ReplaceAll(strings.ReplaceAll(hooked("a", "X"), "KubeConfigFile", "InClusterConfig"), "      kubeConfigFile: X\n", "")),
			"not allowed for kube-apiserver"},
		{document(simple("ABAC")), "--authorization-policy-file"},
	} {
		file := filepath.Join(t.TempDir(), "authorization.yaml")
		write(t, file, test.content)
		if _, err := testConfig().NewFromFile(t.Context(), file); err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), file) {
			t.Errorf("%s\ngot %v\nwant %s", test.content, err, test.want)
		}
	}
	if _, err := testConfig().NewFromFile(t.Context(), filepath.Join(t.TempDir(), "absent")); !os.IsNotExist(err) {
		t.Errorf("absent file: %v", err)
	}
}

// TestReload changes the file and sends a request that the webhooks decide
// differently.
func TestReload(t *testing.T) {
	allow, deny := newHook(t, status(true, false, "")), newHook(t, status(false, true, "second"))
	file := filepath.Join(t.TempDir(), "authorization.yaml")
	write(t, file, document(simple("RBAC"), hooked("allow", allow.kubeconfig)))
	config := testConfig()
	config.ServerID = t.Name()
	a, err := config.NewFromFile(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	ask := func() authorizer.Decision {
		decision, _, _ := a.Authorize(t.Context(), podRequest("alice"))
		return decision
	}
	eventually := func(what string, holds func() bool) {
		t.Helper()
		if err := wait.PollUntilContextTimeout(t.Context(), time.Millisecond, 10*time.Second, true,
			func(context.Context) (bool, error) { return holds(), nil }); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	if got := ask(); got != authorizer.DecisionAllow {
		t.Fatalf("at first: %v", got)
	}
	write(t, file, document(hooked("deny", deny.kubeconfig), simple("RBAC"), hooked("allow", allow.kubeconfig)))
	eventually("another webhook, another order", func() bool { return ask() == authorizer.DecisionDeny })

	// An invalid configuration only increases the counter of failures.
	failures, successes := reloads(t, "failure"), reloads(t, "success")
	for i, bad := range []string{"", "nonsense", document(simple("RBAC"), simple("AlwaysAllow")), document(hooked("allow", allow.kubeconfig)),
		document(simple("RBAC"), hooked("x", "/does/not/exist"))} {
		write(t, file, bad)
		eventually(bad, func() bool { return reloads(t, "failure") == failures+i+1 })
		if got := ask(); got != authorizer.DecisionDeny {
			t.Errorf("after %q: %v", bad, got)
		}
	}
	write(t, file, document(simple("RBAC"), hooked("allow", allow.kubeconfig)))
	eventually("good again", func() bool { return ask() == authorizer.DecisionAllow })
	eventually("counted", func() bool { return reloads(t, "success") == successes+1 })
	if _, _, incomplete, _ := a.RulesFor(t.Context(), &user.DefaultInfo{Name: "alice"}, "ns"); !incomplete {
		t.Error("the rules of a webhook are not known")
	}
}

// reloads returns the value of a counter of the library.
func reloads(t *testing.T, status string) int {
	t.Helper()
	families, err := legacyregistry.DefaultGatherer.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != "apiserver_authorization_config_controller_automatic_reloads_total" {
			continue
		}
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				if label.GetName() == "status" && label.GetValue() == status {
					return int(metric.GetCounter().GetValue())
				}
			}
		}
	}
	return 0
}

func TestFileHas(t *testing.T) {
	file := filepath.Join(t.TempDir(), "authorization.yaml")
	write(t, file, document(simple("RBAC")))
	if !FileHas(file, ModeRBAC) || FileHas(file, ModeAlwaysAllow) || FileHas(file+"x", ModeRBAC) {
		t.Error("wrong types")
	}
}
