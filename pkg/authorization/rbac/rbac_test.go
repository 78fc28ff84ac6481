package rbac

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
)

// newResolver returns a resolver for the given objects.
func newResolver(t testing.TB, objects ...runtime.Object) *Resolver {
	t.Helper()
	factory := informers.NewSharedInformerFactory(fake.NewClientset(), 0)
	r, err := New(factory.Rbac().V1())
	if err != nil {
		t.Fatal(err)
	}
	v1 := factory.Rbac().V1()
	for _, object := range objects {
		switch o := object.(type) {
		case *rbacv1.Role:
			err = v1.Roles().Informer().GetIndexer().Add(o)
		case *rbacv1.ClusterRole:
			err = v1.ClusterRoles().Informer().GetIndexer().Add(o)
		case *rbacv1.RoleBinding:
			err = v1.RoleBindings().Informer().GetIndexer().Add(o)
		case *rbacv1.ClusterRoleBinding:
			err = v1.ClusterRoleBindings().Informer().GetIndexer().Add(o)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func meta(namespace, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name}
}

func policy() []runtime.Object {
	return []runtime.Object{
		&rbacv1.Role{ObjectMeta: meta("ns", "reader"), Rules: []rbacv1.PolicyRule{
			{Verbs: []string{"get", "list"}, APIGroups: []string{""}, Resources: []string{"pods", "pods/log"}},
			{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"configmaps"}, ResourceNames: []string{"one"}},
			{Verbs: []string{"patch"}, APIGroups: []string{"apps"}, Resources: []string{"*/scale"}},
		}},
		&rbacv1.ClusterRole{ObjectMeta: meta("", "ops"), Rules: []rbacv1.PolicyRule{
			{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}},
			{Verbs: []string{"get"}, NonResourceURLs: []string{"/metrics", "/debug/*"}},
		}},
		&rbacv1.RoleBinding{ObjectMeta: meta("ns", "readers"), RoleRef: rbacv1.RoleRef{Kind: "Role", Name: "reader"}, Subjects: []rbacv1.Subject{
			{Kind: "Group", Name: "team"}, {Kind: "User", Name: "alice"}, {Kind: "ServiceAccount", Name: "robot"},
		}},
		&rbacv1.ClusterRoleBinding{ObjectMeta: meta("", "ops"), RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: "ops"},
			Subjects: []rbacv1.Subject{{Kind: "Group", Name: "ops"}}},
		&rbacv1.RoleBinding{ObjectMeta: meta("ns", "dangling"), RoleRef: rbacv1.RoleRef{Kind: "Role", Name: "absent"},
			Subjects: []rbacv1.Subject{{Kind: "User", Name: "dan"}}},
	}
}

func resource(verb, group, resource, subresource, name, namespace string) authorizer.AttributesRecord {
	return authorizer.AttributesRecord{Verb: verb, APIGroup: group, Resource: resource, Subresource: subresource, Name: name, Namespace: namespace,
		ResourceRequest: true}
}

func TestAuthorize(t *testing.T) {
	const byRole = `RBAC: allowed by RoleBinding "readers/ns" of Role "reader" to `
	alice, oscar := &user.DefaultInfo{Name: "alice"}, &user.DefaultInfo{Name: "oscar", Groups: []string{"ops"}}
	a := NewAuthorizer(newResolver(t, policy()...))
	for _, test := range []struct {
		name    string
		user    user.Info
		request authorizer.AttributesRecord
		allowed bool
		reason  string
	}{
		{"user", alice, resource("list", "", "pods", "", "", "ns"), true, byRole + `User "alice"`},
		{"first subject", &user.DefaultInfo{Name: "alice", Groups: []string{"team"}}, resource("list", "", "pods", "", "", "ns"), true, byRole + `Group "team"`},
		{"service account", &user.DefaultInfo{Name: "system:serviceaccount:ns:robot"}, resource("get", "", "pods", "log", "p", "ns"), true,
			byRole + `ServiceAccount "robot/ns"`},
		{"service account elsewhere", &user.DefaultInfo{Name: "system:serviceaccount:other:robot"}, resource("get", "", "pods", "", "p", "ns"), false, ""},
		{"group named as the user", &user.DefaultInfo{Name: "x", Groups: []string{"alice"}}, resource("list", "", "pods", "", "", "ns"), false, ""},
		{"user named as the group", &user.DefaultInfo{Name: "team"}, resource("list", "", "pods", "", "", "ns"), false, ""},
		{"other namespace", alice, resource("list", "", "pods", "", "", "other"), false, ""},
		{"all namespaces", alice, resource("list", "", "pods", "", "", ""), false, ""},
		{"other verb", alice, resource("delete", "", "pods", "", "p", "ns"), false, ""},
		{"other group", alice, resource("get", "apps", "pods", "", "p", "ns"), false, ""},
		{"other subresource", alice, resource("get", "", "pods", "exec", "p", "ns"), false, ""},
		{"named", alice, resource("get", "", "configmaps", "", "one", "ns"), true, byRole + `User "alice"`},
		{"other name", alice, resource("get", "", "configmaps", "", "two", "ns"), false, ""},
		{"any parent", alice, resource("patch", "apps", "deployments", "scale", "d", "ns"), true, byRole + `User "alice"`},
		{"the parent itself", alice, resource("patch", "apps", "deployments", "", "d", "ns"), false, ""},
		{"everything", oscar, resource("delete", "x", "y", "z", "", "ns"), true, `RBAC: allowed by ClusterRoleBinding "ops" of ClusterRole "ops" to Group "ops"`},
		{"URL", oscar, authorizer.AttributesRecord{Verb: "get", Path: "/metrics"}, true,
			`RBAC: allowed by ClusterRoleBinding "ops" of ClusterRole "ops" to Group "ops"`},
		{"URL below", oscar, authorizer.AttributesRecord{Verb: "get", Path: "/debug/a/b"}, true,
			`RBAC: allowed by ClusterRoleBinding "ops" of ClusterRole "ops" to Group "ops"`},
		{"URL beside", oscar, authorizer.AttributesRecord{Verb: "get", Path: "/metrics/x"}, false, ""},
		{"missing role", &user.DefaultInfo{Name: "dan"}, resource("get", "", "pods", "", "p", "ns"), false,
			`RBAC: role.rbac.authorization.k8s.io "absent" not found`},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.request.User = test.user
			decision, reason, err := a.Authorize(t.Context(), test.request)
			if err != nil || (decision == authorizer.DecisionAllow) != test.allowed || reason != test.reason {
				t.Errorf("%v, %q, %v", decision, reason, err)
			}
		})
	}
}

func TestRulesFor(t *testing.T) {
	a := NewAuthorizer(newResolver(t, policy()...))
	resources, urls, incomplete, err := a.RulesFor(t.Context(), &user.DefaultInfo{Name: "dan", Groups: []string{"ops", "team"}}, "ns")
	if len(resources) != 4 || len(urls) != 1 || incomplete || err == nil || err.Error() != `role.rbac.authorization.k8s.io "absent" not found` {
		t.Errorf("%d rules, %d of URLs, %v, %v", len(resources), len(urls), incomplete, err)
	}
	// A binding that matches the user twice is counted once.
	resources, _, _, err = a.RulesFor(t.Context(), &user.DefaultInfo{Name: "alice", Groups: []string{"team"}}, "ns")
	if len(resources) != 3 || err != nil {
		t.Errorf("%d rules, %v", len(resources), err)
	}
}

func TestConfirmNoEscalation(t *testing.T) {
	r := newResolver(t, policy()...)
	as := func(name string, groups ...string) context.Context {
		return genericapirequest.WithNamespace(genericapirequest.WithUser(t.Context(), &user.DefaultInfo{Name: name, Groups: groups}), "ns")
	}
	held := []rbacv1.PolicyRule{{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"pods"}}}
	if err := r.ConfirmNoEscalation(as("alice"), held); err != nil {
		t.Error(err)
	}
	err := r.ConfirmNoEscalation(as("alice", "g", "h"), append(held,
		rbacv1.PolicyRule{Verbs: []string{"get", "watch"}, APIGroups: []string{""}, Resources: []string{"secrets", "pods"}},
		rbacv1.PolicyRule{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"configmaps"}, ResourceNames: []string{"one", "two"}},
		rbacv1.PolicyRule{Verbs: []string{"get"}, NonResourceURLs: []string{"/x"}}))
	want := `user "alice" (groups=["g" "h"]) is attempting to grant RBAC permissions not currently held:
{APIGroups:[""], Resources:["configmaps"], ResourceNames:["two"], Verbs:["get"]}
{APIGroups:[""], Resources:["pods"], Verbs:["watch"]}
{APIGroups:[""], Resources:["secrets"], Verbs:["get" "watch"]}
{NonResourceURLs:["/x"], Verbs:["get"]}`
	if diff := cmp.Diff(want, fmt.Sprint(err)); diff != "" {
		t.Error(diff)
	}
	if err := r.ConfirmNoEscalation(as("dan"), held); err == nil ||
		err.Error() != `user "dan" (groups=[]) is attempting to grant RBAC permissions not currently held:
{APIGroups:[""], Resources:["pods"], Verbs:["get"]}; resolution errors: [role.rbac.authorization.k8s.io "absent" not found]` {
		t.Error(err)
	}
}

// BenchmarkAuthorize decides about one of many users who have a binding each.
func BenchmarkAuthorize(b *testing.B) {
	for _, bindings := range []int{10, 1000, 10000} {
		b.Run(fmt.Sprint(bindings), func(b *testing.B) {
			objects := policy()
			for i := range bindings {
				objects = append(objects, &rbacv1.RoleBinding{ObjectMeta: meta("ns", fmt.Sprint("b", i)), RoleRef: rbacv1.RoleRef{Kind: "Role", Name: "reader"},
					Subjects: []rbacv1.Subject{{Kind: "User", Name: fmt.Sprint("user", i)}}})
			}
			a := NewAuthorizer(newResolver(b, objects...))
			request := resource("list", "", "pods", "", "", "ns")
			request.User = &user.DefaultInfo{Name: "user7", Groups: []string{"system:authenticated"}}
			for b.Loop() {
				if decision, _, _ := a.Authorize(b.Context(), request); decision != authorizer.DecisionAllow {
					b.Fatal(decision)
				}
			}
		})
	}
}

func TestCombinations(t *testing.T) {
	many := make([]string, 2_000)
	huge := make([]string, 300_000)
	for _, test := range []struct {
		rule rbacv1.PolicyRule
		ok   bool
	}{
		{rbacv1.PolicyRule{}, true},
		{rbacv1.PolicyRule{Verbs: many, APIGroups: []string{""}, Resources: []string{"a", "b"}}, true},
		{rbacv1.PolicyRule{Verbs: many, APIGroups: []string{""}, Resources: many}, false},
		{rbacv1.PolicyRule{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: many, ResourceNames: many}, false},
		{rbacv1.PolicyRule{Verbs: huge, APIGroups: huge, Resources: huge, ResourceNames: huge}, false},
		{rbacv1.PolicyRule{Verbs: many, NonResourceURLs: many}, false},
	} {
		if got := combinations([]rbacv1.PolicyRule{test.rule, {Verbs: []string{"get"}}}); got < 0 || (got <= maxCombinations) != test.ok {
			t.Errorf("%d combinations of %d, %d, %d and %d", got, len(test.rule.Verbs), len(test.rule.APIGroups), len(test.rule.Resources), len(test.rule.ResourceNames))
		}
	}
}
