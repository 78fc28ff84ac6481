package v1

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
)

func TestDefaults(t *testing.T) {
	binding := &rbacv1.RoleBinding{
		Subjects: []rbacv1.Subject{{Kind: "User"}, {Kind: "Group"}, {Kind: "ServiceAccount"}, {Kind: "Odd"}, {Kind: "User", APIGroup: "other"}},
		RoleRef:  rbacv1.RoleRef{Kind: "Role", Name: "r"},
	}
	SetObjectDefaults_RoleBinding(binding)
	var groups []string
	for _, s := range binding.Subjects {
		groups = append(groups, s.APIGroup)
	}
	if diff := cmp.Diff([]string{rbacv1.GroupName, rbacv1.GroupName, "", "", "other"}, groups); diff != "" {
		t.Error(diff)
	}
	if got := binding.RoleRef.APIGroup; got != rbacv1.GroupName {
		t.Errorf("group of the role: %q", got)
	}
	cluster := &rbacv1.ClusterRoleBinding{RoleRef: rbacv1.RoleRef{APIGroup: "other"}, Subjects: []rbacv1.Subject{{Kind: "User"}}}
	SetObjectDefaults_ClusterRoleBinding(cluster)
	if cluster.RoleRef.APIGroup != "other" || cluster.Subjects[0].APIGroup != rbacv1.GroupName {
		t.Errorf("defaults: %v", cluster)
	}
}
