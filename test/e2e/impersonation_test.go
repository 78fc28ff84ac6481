package e2e

import (
	"net/http"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	restclient "k8s.io/client-go/rest"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
	"github.com/gatehouse-k8s/gatehouse/pkg/testserver"
)

// grant gives the rules to a user in the whole cluster.
func grant(t testing.TB, s *testserver.Server, user string, rules ...rbacv1.PolicyRule) {
	t.Helper()
	rbac := kubernetes.NewForConfigOrDie(s.Config).RbacV1()
	_, err := rbac.ClusterRoles().Create(t.Context(), &rbacv1.ClusterRole{ObjectMeta: named(user), Rules: rules}, metav1.CreateOptions{})
	testutil.Check(t, err)
	_, err = rbac.ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{ObjectMeta: named(user),
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: user},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}}}, metav1.CreateOptions{})
	testutil.Check(t, err)
}

// TestImpersonation tests both forms of impersonation: the verb impersonate,
// which grants all rights of the other user, and constrained impersonation
// (KEP-5284), which grants only certain requests.
func TestImpersonation(t *testing.T) {
	t.Parallel()
	s := testserver.Start(t, testserver.Options{Flags: []string{
		"--token-auth-file=" + file(t, "tokens.csv", "full-token,full,1\nlimited-token,limited,2\nnone-token,none,3\n"),
	}})
	const authentication = "authentication.k8s.io"
	rule := func(group, resource, name string, verbs ...string) rbacv1.PolicyRule {
		r := rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{resource}, Verbs: verbs}
		if name != "" {
			r.ResourceNames = []string{name}
		}
		return r
	}
	grant(t, s, "full", rule("", "users", "bob", "impersonate"), rule("", "groups", "staff", "impersonate"),
		rule("", "serviceaccounts", "robot", "impersonate"), rule(authentication, "userextras/scopes", "", "impersonate"),
		rule(authentication, "uids", "7", "impersonate"))
	grant(t, s, "limited", rule(authentication, "users", "bob", "impersonate:user-info"),
		rule("", "configmaps", "", "impersonate-on:user-info:list"))
	grant(t, s, "bob", rule("", "configmaps", "", "list", "get"))
	const list, one = "/api/v1/namespaces/default/configmaps", "/api/v1/namespaces/default/configmaps/x"
	for _, tt := range []struct {
		name, token, path string
		headers           []string
		code              int
	}{
		{"bob himself by full", "full-token", list, []string{"Impersonate-User", "bob"}, 200},
		{"bob in a group", "full-token", list, []string{"Impersonate-User", "bob", "Impersonate-Group", "staff"}, 200},
		{"bob in another group", "full-token", list, []string{"Impersonate-User", "bob", "Impersonate-Group", "boss"}, 403},
		{"bob with extra", "full-token", list, []string{"Impersonate-User", "bob", "Impersonate-Extra-Scopes", "all"}, 200},
		{"bob with other extra", "full-token", list, []string{"Impersonate-User", "bob", "Impersonate-Extra-Power", "all"}, 403},
		{"bob with UID", "full-token", list, []string{"Impersonate-User", "bob", "Impersonate-Uid", "7"}, 200},
		{"bob with another UID", "full-token", list, []string{"Impersonate-User", "bob", "Impersonate-Uid", "8"}, 403},
		{"somebody else", "full-token", list, []string{"Impersonate-User", "carol"}, 403},
		{"a service account, which has no rights", "full-token", list, []string{"Impersonate-User", "system:serviceaccount:default:robot"}, 403},
		{"what limited may do as bob", "limited-token", list, []string{"Impersonate-User", "bob"}, 200},
		{"what only bob may do", "limited-token", one, []string{"Impersonate-User", "bob"}, 403},
		{"limited as somebody else", "limited-token", list, []string{"Impersonate-User", "carol"}, 403},
		{"limited as an administrator", "limited-token", list, []string{"Impersonate-User", "bob", "Impersonate-Group", "system:masters"}, 403},
		{"without any right", "none-token", list, []string{"Impersonate-User", "bob"}, 403},
	} {
		config := withToken(s.Config, tt.token)
		// New rights take effect after a short time.
		eventually(t, tt.name, func() bool {
			return send(t, config, request{path: tt.path, headers: tt.headers}).code == tt.code
		})
	}
	robot, err := whoami(t, impersonating(withToken(s.Config, "full-token"), restclient.ImpersonationConfig{UserName: "system:serviceaccount:default:robot"}))
	testutil.Check(t, err)
	if got := robot.Groups; len(got) != 3 || got[0] != "system:serviceaccounts" || got[2] != "system:authenticated" {
		t.Errorf("groups of an impersonated service account: %v", got)
	}
	if r := send(t, withToken(s.Config, "none-token"), request{path: list}); r.code != http.StatusForbidden {
		t.Errorf("a user without rights: %d", r.code)
	}
}

func impersonating(config *restclient.Config, as restclient.ImpersonationConfig) *restclient.Config {
	config.Impersonate = as
	return config
}
