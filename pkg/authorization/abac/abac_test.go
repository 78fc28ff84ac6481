package abac

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
)

// load reads policies from a file.
func load(t *testing.T, lines ...string) (*Authorizer, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "policy.jsonl")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(file)
}

func v1beta1(spec string) string {
	return `{"apiVersion": "abac.authorization.kubernetes.io/v1beta1", "kind": "Policy", "spec": {` + spec + `}}`
}

func TestAuthorize(t *testing.T) {
	a, err := load(t, "# a comment", "",
		v1beta1(`"user": "alice", "namespace": "*", "resource": "*", "apiGroup": "*"`),
		v1beta1(`"user": "kubelet", "namespace": "*", "resource": "pods", "readonly": true`),
		v1beta1(`"user": "bob", "group": "dev", "namespace": "ns", "resource": "deployments", "apiGroup": "apps"`),
		v1beta1(`"group": "system:authenticated", "readonly": true, "nonResourcePath": "/api/*"`),
		v1beta1(`"user": "*", "nonResourcePath": "/version"`),
		v1beta1(`"user": "*", "group": "ops", "resource": "nodes"`),
		v1beta1(`"namespace": "*", "resource": "*", "apiGroup": "*"`),
		"  "+`{"user": "old", "resource": "pods"}`,
		`{"group": "oldgroup", "namespace": "ns", "readonly": true}`,
		`{"user": "oldroot"}`,
	)
	if err != nil {
		t.Fatal(err)
	}
	resource := func(verb, group, resource, namespace string) authorizer.AttributesRecord {
		return authorizer.AttributesRecord{Verb: verb, APIGroup: group, Resource: resource, Namespace: namespace, ResourceRequest: true}
	}
	path := func(verb, path string) authorizer.AttributesRecord {
		return authorizer.AttributesRecord{Verb: verb, Path: path}
	}
	for _, test := range []struct {
		user    string
		groups  string
		request authorizer.AttributesRecord
		want    bool
	}{
		{"alice", "", resource("delete", "apps", "deployments", "ns"), true},
		{"alice", "", resource("list", "", "nodes", ""), true},
		{"alice", "", path("get", "/metrics"), false},
		{"Alice", "", resource("get", "", "pods", "ns"), false},
		{"kubelet", "", resource("watch", "", "pods", "ns"), true},
		{"kubelet", "", resource("delete", "", "pods", "ns"), false},
		{"kubelet", "", resource("get", "metrics.k8s.io", "pods", "ns"), false},
		{"kubelet", "", resource("get", "", "secrets", "ns"), false},
		{"bob", "dev", resource("create", "apps", "deployments", "ns"), true},
		{"bob", "", resource("create", "apps", "deployments", "ns"), false},
		{"carol", "dev", resource("create", "apps", "deployments", "ns"), false},
		{"bob", "dev", resource("create", "apps", "deployments", "other"), false},
		{"x", "system:authenticated", path("get", "/api/v1"), true},
		{"x", "system:authenticated", path("get", "/api"), false},
		{"x", "system:authenticated", path("post", "/api/v1"), false},
		{"x", "system:unauthenticated", path("get", "/api/v1"), false},
		{"x", "system:authenticated", path("post", "/version"), true},
		{"x", "system:unauthenticated", path("get", "/version"), false},
		{"x", "system:authenticated", path("get", "/version/x"), false},
		{"x", "ops,system:authenticated", resource("delete", "", "nodes", ""), true},
		{"x", "system:authenticated", resource("delete", "", "nodes", ""), false},
		{"", "", resource("get", "", "pods", "ns"), false},
		{"old", "", resource("delete", "any", "pods", "ns"), true},
		{"old", "", path("get", "/x"), false},
		{"x", "oldgroup", resource("get", "", "secrets", "ns"), true},
		{"x", "oldgroup", resource("get", "", "secrets", "other"), false},
		{"oldroot", "", path("post", "/x"), true},
	} {
		test.request.User = &user.DefaultInfo{Name: test.user, Groups: strings.Split(test.groups, ",")}
		decision, reason, err := a.Authorize(t.Context(), test.request)
		want, wantReason := authorizer.DecisionNoOpinion, "No policy matched."
		if test.want {
			want, wantReason = authorizer.DecisionAllow, ""
		}
		if decision != want || reason != wantReason || err != nil {
			t.Errorf("%s (%s) %v: %v, %q, %v", test.user, test.groups, test.request, decision, reason, err)
		}
	}
	if decision, _, _ := a.Authorize(t.Context(), path("get", "/version")); decision != authorizer.DecisionNoOpinion {
		t.Errorf("without a user: %v", decision)
	}
}

func TestLoadErrors(t *testing.T) {
	good := v1beta1(`"user": "a"`)
	for _, test := range []struct{ line, want string }{
		{`{"user": "a"`, "line 3: "},
		{`[` + good + `]`, "line 3: "},
		{`null`, "not a JSON object"},
		{`{"apiVersion": "v1", "kind": "Policy"}`, `apiVersion "v1" and kind "Policy" are not`},
		{`{"apiVersion": "abac.authorization.kubernetes.io/v1beta1", "kind": "Rule"}`, `kind "Rule"`},
		{v1beta1(`"user": "a", "read-only": true`), `unknown field "read-only"`},
		{v1beta1(`"user": "a", "user": "b"`), "already set"},
		{`{"user": "a", "apiGroup": "apps"}`, `unknown field "apiGroup"`},
		{good + good, "line 3: "},
		{v1beta1(`"user": 5`), "line 3: "},
	} {
		a, err := load(t, good, "# comment", test.line, good)
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "policy.jsonl, line 3: ") {
			t.Errorf("%s: %v, %v", test.line, a, err)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "absent")); !os.IsNotExist(err) {
		t.Errorf("absent file: %v", err)
	}
}

func TestRulesFor(t *testing.T) {
	a, err := load(t, v1beta1(`"user": "a", "namespace": "ns", "resource": "pods", "readonly": true`),
		v1beta1(`"user": "a", "namespace": "other", "resource": "secrets"`), v1beta1(`"group": "g", "nonResourcePath": "/x", "readonly": true`),
		v1beta1(`"user": "b", "namespace": "*", "resource": "*"`))
	if err != nil {
		t.Fatal(err)
	}
	resources, paths, incomplete, err := a.RulesFor(t.Context(), &user.DefaultInfo{Name: "a", Groups: []string{"g"}}, "ns")
	if len(resources) != 1 || strings.Join(resources[0].GetVerbs(), " ") != "get list watch" || resources[0].GetResources()[0] != "pods" {
		t.Errorf("resources: %v", resources)
	}
	if len(paths) != 1 || strings.Join(paths[0].GetVerbs(), " ") != "get" || paths[0].GetNonResourceURLs()[0] != "/x" || incomplete || err != nil {
		t.Errorf("paths: %v, %v, %v", paths, incomplete, err)
	}
}
