package rbac

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestBootstrap(t *testing.T) {
	p, err := Bootstrap()
	if err != nil {
		t.Fatal(err)
	}
	roles, all := map[string]bool{}, []metav1.Object{}
	for i := range p.ClusterRoles {
		roles["ClusterRole/"+p.ClusterRoles[i].Name] = true
		all = append(all, &p.ClusterRoles[i])
	}
	for i := range p.Roles {
		roles["Role/"+p.Roles[i].Namespace+"/"+p.Roles[i].Name] = true
		all = append(all, &p.Roles[i])
	}
	for i, b := range p.ClusterRoleBindings {
		if !roles["ClusterRole/"+b.RoleRef.Name] {
			t.Errorf("%s refers to a role that there is not", b.Name)
		}
		all = append(all, &p.ClusterRoleBindings[i])
	}
	for i, b := range p.RoleBindings {
		if !roles["Role/"+b.Namespace+"/"+b.RoleRef.Name] {
			t.Errorf("%s refers to a role that there is not", b.Name)
		}
		all = append(all, &p.RoleBindings[i])
	}
	if len(all) != 69+50+7+7 {
		t.Errorf("%d objects", len(all))
	}
	for _, o := range all {
		if o.GetName() == "" || o.GetLabels()["kubernetes.io/bootstrapping"] != "rbac-defaults" ||
			o.GetAnnotations()["rbac.authorization.kubernetes.io/autoupdate"] != "true" {
			t.Errorf("metadata of %q: %v %v", o.GetName(), o.GetLabels(), o.GetAnnotations())
		}
	}
}
