package guard_test

import (
	"context"
	"fmt"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	rbacclient "k8s.io/client-go/kubernetes/typed/rbac/v1"
	"k8s.io/utils/ptr"
)

// roleAttempts returns attempts to create cluster roles.
func roleAttempts() []attempt {
	creating := func(rules ...rbacv1.PolicyRule) func(context.Context, rbacclient.RbacV1Interface) error {
		return func(ctx context.Context, eve rbacclient.RbacV1Interface) error {
			role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{GenerateName: "try-"}, Rules: rules}
			return ignore(eve.ClusterRoles().Create(ctx, role, metav1.CreateOptions{}))
		}
	}
	url := func(urls ...string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{Verbs: []string{"get"}, NonResourceURLs: urls}
	}
	binding := func(names ...string) rbacv1.PolicyRule {
		rule := rbacRule("clusterroles", "bind")
		rule.ResourceNames = names
		return rule
	}
	many := make([]string, 500)
	for i := range many {
		many[i] = fmt.Sprint("x", i)
	}
	return []attempt{
		{"less", creating(rule("pods", "get")...), ""},
		{"nothing", creating(), ""},
		{"one name of what she has",
			creating(rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get"}, ResourceNames: []string{"p"}}), ""},
		{"more", creating(rule("secrets", "get")...), tooMuch + ":\n" + `{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}`},
		{"another verb beside hers", creating(rule("pods", "get", "delete")...), `{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}`},
		{"all verbs", creating(rule("pods", "*")...), tooMuch},
		{"all resources", creating(rule("*", "get")...), tooMuch},
		{"all groups", creating(rbacv1.PolicyRule{APIGroups: []string{"*"}, Resources: []string{"pods"}, Verbs: []string{"get"}}), tooMuch},
		{"another group", creating(rbacv1.PolicyRule{APIGroups: []string{"metrics.k8s.io"}, Resources: []string{"pods"}, Verbs: []string{"get"}}), tooMuch},
		{"a subresource", creating(rule("pods/log", "get")...), tooMuch},
		{"any subresource", creating(rule("*/log", "get")...), tooMuch},
		{"impersonation", creating(rule("users", "impersonate")...), tooMuch},
		{"a URL of hers", creating(url("/healthz/ping")), ""},
		{"a URL above hers", creating(url("/healthz*")), tooMuch},
		{"all URLs", creating(url("*")), tooMuch},
		{"binding what she may bind", creating(binding("bindable")), ""},
		{"binding another role", creating(binding("bindable", "secrets")), tooMuch},
		{"binding any role", creating(binding()), tooMuch},
		{"escalating any role", creating(rbacRule("clusterroles", "escalate")), tooMuch},
		{"more than can be compared", creating(rbacv1.PolicyRule{APIGroups: []string{""}, Resources: many, Verbs: many}), "too many to be compared"},
		{"aggregation", func(ctx context.Context, eve rbacclient.RbacV1Interface) error {
			role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "all"}, AggregationRule: everySelector()}
			return ignore(eve.ClusterRoles().Create(ctx, role, metav1.CreateOptions{}))
		}, "must have cluster-admin privileges to use the aggregationRule"},
		{"dry run", func(ctx context.Context, eve rbacclient.RbacV1Interface) error {
			return ignore(eve.Roles("default").Create(ctx, role("dry", rule("secrets", "get")), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}))
		}, `roles.rbac.authorization.k8s.io "dry" is forbidden: user "eve" (groups=["system:authenticated"]) ` + tooMuch},
		{"PUT of a new role", func(ctx context.Context, eve rbacclient.RbacV1Interface) error {
			return ignore(eve.Roles("default").Update(ctx, role("put", rule("secrets", "get")), metav1.UpdateOptions{}))
		}, tooMuch},
		{"PUT of a role that becomes more", func(ctx context.Context, eve rbacclient.RbacV1Interface) error {
			return ignore(eve.Roles("default").Update(ctx, role("less", rule("pods", "*")), metav1.UpdateOptions{}))
		}, tooMuch},
	}
}

// bindingAttempts returns attempts to write bindings.
func bindingAttempts() []attempt {
	creating := func(role string) func(context.Context, rbacclient.RbacV1Interface) error {
		return func(ctx context.Context, eve rbacclient.RbacV1Interface) error {
			return ignore(eve.ClusterRoleBindings().Create(ctx, clusterBinding("to-"+role, role, "eve"), metav1.CreateOptions{}))
		}
	}
	namespaced := func(kind, name string) func(context.Context, rbacclient.RbacV1Interface) error {
		return func(ctx context.Context, eve rbacclient.RbacV1Interface) error {
			b := &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{GenerateName: "try-"}, RoleRef: rbacv1.RoleRef{Kind: kind, Name: name},
				Subjects: []rbacv1.Subject{{Kind: "User", Name: "eve"}}}
			return ignore(eve.RoleBindings("default").Create(ctx, b, metav1.CreateOptions{}))
		}
	}
	return []attempt{
		{"binding of what she has", creating("pods"), ""},
		{"binding of what she may bind", creating("bindable"), ""},
		{"binding of more", creating("secrets"), `clusterrolebindings.rbac.authorization.k8s.io "to-secrets" is forbidden: user "eve"`},
		{"binding of nothing", creating("absent"), `"absent" not found`},
		{"binding of cluster-admin in a namespace", namespaced("ClusterRole", "cluster-admin"), `{APIGroups:["*"], Resources:["*"], Verbs:["*"]}`},
		{"binding of a role in a namespace", namespaced("Role", "less"), ""},
		{"binding of a role that is elsewhere", namespaced("Role", "secrets"), `"secrets" not found`},
		{"PUT of a new binding", func(ctx context.Context, eve rbacclient.RbacV1Interface) error {
			return ignore(eve.ClusterRoleBindings().Update(ctx, clusterBinding("put", "secrets", "eve"), metav1.UpdateOptions{}))
		}, tooMuch},
		{"PUT of another role", func(ctx context.Context, eve rbacclient.RbacV1Interface) error {
			return ignore(eve.ClusterRoleBindings().Update(ctx, clusterBinding("weak", "secrets", "eve"), metav1.UpdateOptions{}))
		}, tooMuch},
		{"PUT of another role that she has", func(ctx context.Context, eve rbacclient.RbacV1Interface) error {
			return ignore(eve.ClusterRoleBindings().Update(ctx, clusterBinding("strong", "pods", "eve"), metav1.UpdateOptions{}))
		}, "cannot change roleRef"},
		{"PUT of another user", func(ctx context.Context, eve rbacclient.RbacV1Interface) error {
			return ignore(eve.ClusterRoleBindings().Update(ctx, clusterBinding("strong", "secrets", "eve"), metav1.UpdateOptions{}))
		}, tooMuch},
	}
}

// patchAttempts returns attempts to patch and to apply roles and bindings.
func patchAttempts() []attempt {
	role := func(kind types.PatchType, name, patch string) func(context.Context, rbacclient.RbacV1Interface) error {
		return func(ctx context.Context, eve rbacclient.RbacV1Interface) error {
			options := metav1.PatchOptions{}
			if kind == types.ApplyPatchType {
				options.FieldManager, options.Force = "eve", ptr.To(true)
				patch = `{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "` + name + `"}, ` + patch[1:]
			}
			return ignore(eve.ClusterRoles().Patch(ctx, name, kind, []byte(patch), options))
		}
	}
	binding := func(name, patch string) func(context.Context, rbacclient.RbacV1Interface) error {
		return func(ctx context.Context, eve rbacclient.RbacV1Interface) error {
			return ignore(eve.ClusterRoleBindings().Patch(ctx, name, types.JSONPatchType, []byte(patch), metav1.PatchOptions{}))
		}
	}
	const secrets = `{"rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]}`
	return []attempt{
		{"merge patch", role(types.MergePatchType, "pods", secrets), tooMuch},
		{"strategic merge patch", role(types.StrategicMergePatchType, "pods", secrets), tooMuch},
		{"JSON patch", role(types.JSONPatchType, "pods", `[{"op": "add", "path": "/rules/0/resources/-", "value": "secrets"}]`), tooMuch},
		{"apply", role(types.ApplyPatchType, "pods", secrets), tooMuch},
		{"apply of a new role", role(types.ApplyPatchType, "applied", secrets), tooMuch},
		{"label on a strong role", role(types.MergePatchType, "secrets", `{"metadata": {"labels": {"rbac.authorization.k8s.io/aggregate-to-view": "true"}}}`),
			tooMuch},
		{"label on a weak role", role(types.MergePatchType, "pods", `{"metadata": {"labels": {"a": "b"}}}`), ""},
		{"finalizer on a strong role", role(types.MergePatchType, "secrets", `{"metadata": {"finalizers": ["example.com/x"]}}`), ""},
		{"finalizer and rule", role(types.MergePatchType, "pods", `{"metadata": {"finalizers": ["example.com/x"]}, `+secrets[1:]), tooMuch},
		{"a role that she may escalate", role(types.MergePatchType, "mine", secrets), ""},
		{"aggregation", role(types.MergePatchType, "pods", `{"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}}`),
			"must have cluster-admin privileges"},
		{"no aggregation any more", role(types.MergePatchType, "gathering", `{"aggregationRule": null}`), "must have cluster-admin privileges"},
		{"user in a strong binding",
			binding("strong", `[{"op": "add", "path": "/subjects/-", "value": {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "eve"}}]`), tooMuch},
		{"no users in a strong binding", binding("strong", `[{"op": "remove", "path": "/subjects"}]`), tooMuch},
		{"user in a weak binding", binding("weak", `[{"op": "replace", "path": "/subjects/0/name", "value": "eve"}]`), ""},
		{"role of a weak binding", binding("weak", `[{"op": "replace", "path": "/roleRef/name", "value": "secrets"}]`), tooMuch},
	}
}
