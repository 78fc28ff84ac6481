package guard_test

import (
	"context"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	rbacclient "k8s.io/client-go/kubernetes/typed/rbac/v1"
	"k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

func rule(resource string, verbs ...string) []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{resource}, Verbs: verbs}}
}

func rbacRule(resource string, verbs ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{rbacv1.GroupName}, Resources: []string{resource}, Verbs: verbs}
}

// TestEscalation lets a user who may write roles and bindings try to give away
// more than she has: the rights to read pods, and to bind the role "bindable".
func TestEscalation(t *testing.T) {
	ctx := t.Context()
	s := testserver.Start(t)
	admin := kubernetes.NewForConfigOrDie(s.Config).RbacV1()
	as := rest.CopyConfig(s.Config)
	as.Impersonate = rest.ImpersonationConfig{UserName: "eve"}
	eve := kubernetes.NewForConfigOrDie(as).RbacV1()

	bindable := rbacRule("clusterroles", "bind")
	bindable.ResourceNames = []string{"bindable"}
	may := append(rule("pods", "get"), rbacRule("*", "create", "update", "get"), bindable)
	for name, rules := range map[string][]rbacv1.PolicyRule{"writer": may, "secrets": rule("secrets", "get"), "pods": rule("pods", "get"), "bindable": rule("nodes", "get")} {
		create(t, admin.ClusterRoles().Create, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: rules})
	}
	create(t, admin.ClusterRoleBindings().Create, clusterBinding("writer", "writer", "eve"))
	waitUntilMay(t, eve)

	for _, test := range []struct {
		name    string
		write   func() error
		refusal string
	}{
		{"role with less", func() error {
			return ignore(eve.Roles("default").Create(ctx, role("less", rule("pods", "get")), metav1.CreateOptions{}))
		}, ""},
		{"role with more", func() error {
			return ignore(eve.Roles("default").Create(ctx, role("more", rule("secrets", "get")), metav1.CreateOptions{}))
		},
			`roles.rbac.authorization.k8s.io "more" is forbidden: user "eve" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:` +
				"\n" + `{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}`},
		{"role that becomes more", func() error {
			return ignore(eve.Roles("default").Update(ctx, role("less", rule("pods", "*")), metav1.UpdateOptions{}))
		},
			"is attempting to grant RBAC permissions not currently held"},
		{"aggregation", func() error {
			return ignore(eve.ClusterRoles().Create(ctx, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "all"}, AggregationRule: &rbacv1.AggregationRule{
				ClusterRoleSelectors: []metav1.LabelSelector{{}}}}, metav1.CreateOptions{}))
		}, "must have cluster-admin privileges to use the aggregationRule"},
		{"binding of what she has", func() error {
			return ignore(eve.ClusterRoleBindings().Create(ctx, clusterBinding("pods", "pods", "x"), metav1.CreateOptions{}))
		}, ""},
		{"binding of what she may bind", func() error {
			return ignore(eve.ClusterRoleBindings().Create(ctx, clusterBinding("bindable", "bindable", "x"), metav1.CreateOptions{}))
		}, ""},
		{"binding of more", func() error {
			return ignore(eve.ClusterRoleBindings().Create(ctx, clusterBinding("secrets", "secrets", "eve"), metav1.CreateOptions{}))
		}, `clusterrolebindings.rbac.authorization.k8s.io "secrets" is forbidden: user "eve"`},
		{"binding of cluster-admin in a namespace", func() error {
			return ignore(eve.RoleBindings("default").Create(ctx, &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "b"}, RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: "cluster-admin"}}, metav1.CreateOptions{}))
		}, `{APIGroups:["*"], Resources:["*"], Verbs:["*"]}`},
		{"binding of nothing", func() error {
			return ignore(eve.ClusterRoleBindings().Create(ctx, clusterBinding("absent", "absent", "eve"), metav1.CreateOptions{}))
		}, `"absent" not found`},
	} {
		t.Run(test.name, func(t *testing.T) {
			switch err := test.write(); {
			case test.refusal == "" && err != nil:
				t.Error(err)
			case test.refusal != "" && (err == nil || !strings.Contains(err.Error(), test.refusal)):
				t.Errorf("got %v, want %s", err, test.refusal)
			}
		})
	}
}

func role(name string, rules []rbacv1.PolicyRule) *rbacv1.Role {
	return &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default"}, Rules: rules}
}

func clusterBinding(name, role, user string) *rbacv1.ClusterRoleBinding {
	return &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: name}, RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: role},
		Subjects: []rbacv1.Subject{{Kind: "User", Name: user}}}
}

func ignore[T any](_ T, err error) error { return err }

func create[T any](t *testing.T, f func(context.Context, T, metav1.CreateOptions) (T, error), object T) {
	t.Helper()
	if _, err := f(t.Context(), object, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// waitUntilMay waits until the informers of the server know what the user may.
func waitUntilMay(t *testing.T, client rbacclient.RbacV1Interface) {
	t.Helper()
	err := wait.PollUntilContextTimeout(t.Context(), 5*time.Millisecond, 10*time.Second, true, func(ctx context.Context) (bool, error) {
		_, err := client.ClusterRoles().Get(ctx, "bindable", metav1.GetOptions{})
		return err == nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
