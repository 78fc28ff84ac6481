package bootstrap

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	bootstrappolicy "github.com/gatehouse-k8s/gatehouse/config/rbac"
)

func TestEnsureRoles(t *testing.T) {
	ctx := t.Context()
	client := fake.NewClientset()
	policy, err := bootstrappolicy.Bootstrap()
	if err != nil {
		t.Fatal(err)
	}
	ensure := func() {
		t.Helper()
		if err := ensureRoles(ctx, needsOf(client), policy); err != nil {
			t.Fatal(err)
		}
	}
	ensure()
	roles, bindings := client.RbacV1().ClusterRoles(), client.RbacV1().ClusterRoleBindings()
	get := func(name string) *rbacv1.ClusterRole {
		t.Helper()
		role, err := roles.Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return role
	}
	all, err := roles.List(ctx, metav1.ListOptions{})
	if err != nil || len(all.Items) != len(policy.ClusterRoles) {
		t.Fatalf("%d cluster roles, %v", len(all.Items), err)
	}

	// Missing rules are restored, additional rules stay, and roles whose annotation disables
	// updates are not changed.
	const kept, own = "system:node-proxier", "system:discovery"
	want := get(kept).Rules
	extra := rbacv1.PolicyRule{Verbs: []string{"get"}, APIGroups: []string{"example.com"}, Resources: []string{"things"}}
	changed := get(kept)
	changed.Rules = []rbacv1.PolicyRule{extra}
	if _, err := roles.Update(ctx, changed, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	protected := get(own)
	protected.Rules, protected.Annotations[rbacv1.AutoUpdateAnnotationKey] = nil, "false"
	if _, err := roles.Update(ctx, protected, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := bindings.Delete(ctx, "cluster-admin", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	ensure()
	if got := get(kept).Rules; got[0].Resources[0] != "things" || len(got) <= len(want) {
		t.Errorf("rules of %s: %v", kept, got)
	}
	if diff := cmp.Diff([]rbacv1.PolicyRule(nil), get(own).Rules); diff != "" {
		t.Error(diff)
	}
	if _, err := bindings.Get(ctx, "cluster-admin", metav1.GetOptions{}); err != nil {
		t.Error(err)
	}
	client.ClearActions()
	ensure()
	for _, action := range client.Actions() {
		t.Errorf("a request was sent although nothing had changed: %s %s", action.GetVerb(), action.GetResource().Resource)
	}
}
