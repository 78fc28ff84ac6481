package guard_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	rbacclient "k8s.io/client-go/kubernetes/typed/rbac/v1"
	restclient "k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

func rule(resource string, verbs ...string) []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{resource}, Verbs: verbs}}
}

func rbacRule(resource string, verbs ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{rbacv1.GroupName}, Resources: []string{resource}, Verbs: verbs}
}

// attempt is a write request of a user who tries to grant permissions.
type attempt struct {
	name string
	// write sends the request. refusal is a part of the error message, or empty
	// if the request must succeed.
	write   func(ctx context.Context, eve rbacclient.RbacV1Interface) error
	refusal string
}

const tooMuch = "is attempting to grant RBAC permissions not currently held"

// TestEscalation checks that a user who may write roles and bindings cannot
// grant more permissions than she has. These are reading pods and /healthz/*,
// binding the role "bindable" and escalating the role "mine".
func TestEscalation(t *testing.T) {
	s := testserver.Start(t, testserver.Options{Controllers: []string{}}) // which would fill in aggregated roles
	admin := kubernetes.NewForConfigOrDie(s.Config).RbacV1()
	as := restclient.CopyConfig(s.Config)
	as.Impersonate = restclient.ImpersonationConfig{UserName: "eve"}
	eve := kubernetes.NewForConfigOrDie(as).RbacV1()

	named := func(rule rbacv1.PolicyRule, name string) rbacv1.PolicyRule {
		rule.ResourceNames = []string{name}
		return rule
	}
	may := append(rule("pods", "get"), rbacRule("*", "create", "update", "patch", "get"), named(rbacRule("clusterroles", "bind"), "bindable"),
		named(rbacRule("clusterroles", "escalate"), "mine"), rbacv1.PolicyRule{Verbs: []string{"get"}, NonResourceURLs: []string{"/healthz/*"}})
	for name, rules := range map[string][]rbacv1.PolicyRule{
		"writer": may, "secrets": rule("secrets", "get"), "pods": rule("pods", "get"), "bindable": rule("nodes", "get"), "mine": nil,
	} {
		create(t, admin.ClusterRoles().Create, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: rules})
	}
	gathering := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "gathering"}, AggregationRule: everySelector()}
	create(t, admin.ClusterRoles().Create, gathering)
	create(t, admin.ClusterRoleBindings().Create, clusterBinding("writer", "writer", "eve"))
	create(t, admin.ClusterRoleBindings().Create, clusterBinding("strong", "secrets", "someone"))
	create(t, admin.ClusterRoleBindings().Create, clusterBinding("weak", "pods", "someone"))
	create(t, admin.Roles("default").Create, role("less", rule("pods", "get")))
	waitUntilMay(t, eve)

	for _, attempts := range [][]attempt{roleAttempts(), bindingAttempts(), patchAttempts()} {
		for _, test := range attempts {
			t.Run(test.name, func(t *testing.T) {
				switch err := test.write(t.Context(), eve); {
				case test.refusal == "" && err != nil:
					t.Error(err)
				case test.refusal != "" && (err == nil || !strings.Contains(err.Error(), test.refusal)):
					t.Errorf("got %v, want %s", err, test.refusal)
				}
			})
		}
	}
}

// TestBindingOfNewRole checks that roles can be bound immediately after they
// have been created.
func TestBindingOfNewRole(t *testing.T) {
	s := testserver.Start(t)
	admin := kubernetes.NewForConfigOrDie(s.Config).RbacV1()
	as := restclient.CopyConfig(s.Config)
	as.Impersonate = restclient.ImpersonationConfig{UserName: "eve"}
	eve := kubernetes.NewForConfigOrDie(as).RbacV1()
	create(t, admin.ClusterRoles().Create,
		&rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "writer"}, Rules: append(rule("pods", "get"), rbacRule("*", "create", "get"))})
	create(t, admin.ClusterRoles().Create, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "bindable"}})
	create(t, admin.ClusterRoleBindings().Create, clusterBinding("writer", "writer", "eve"))
	waitUntilMay(t, eve)
	for i := range 50 {
		name := fmt.Sprint("new-", i)
		create(t, admin.ClusterRoles().Create, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: rule("pods", "get")})
		create(t, eve.ClusterRoleBindings().Create, clusterBinding(name, name, "eve"))
	}
}

func everySelector() *rbacv1.AggregationRule {
	return &rbacv1.AggregationRule{ClusterRoleSelectors: []metav1.LabelSelector{{}}}
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

// waitUntilMay waits until the informers of the server have received the
// permissions of the user.
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
