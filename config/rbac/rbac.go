// Package rbac has the roles and bindings that every cluster has from the start:
// kube-apiserver's bootstrap policy, an object a line.
package rbac

import (
	"embed"
	"encoding/json"
	"fmt"
	"sync"

	rbacv1 "k8s.io/api/rbac/v1"
)

//go:embed *.json
var files embed.FS

// Policy is the bootstrap policy.
type Policy struct {
	ClusterRoles        []rbacv1.ClusterRole
	ClusterRoleBindings []rbacv1.ClusterRoleBinding
	Roles               []rbacv1.Role
	RoleBindings        []rbacv1.RoleBinding
}

// Bootstrap returns the bootstrap policy. It is decoded once, and nobody may change it.
func Bootstrap() (*Policy, error) { return bootstrap() }

var bootstrap = sync.OnceValues(func() (*Policy, error) {
	p := &Policy{}
	for name, into := range map[string]any{
		"clusterroles": &p.ClusterRoles, "clusterrolebindings": &p.ClusterRoleBindings, "roles": &p.Roles, "rolebindings": &p.RoleBindings,
	} {
		data, err := files.ReadFile(name + ".json")
		if err == nil {
			err = json.Unmarshal(data, into)
		}
		if err != nil {
			return nil, fmt.Errorf("bootstrap policy: %s: %w", name, err)
		}
	}
	return p, nil
})
