// Package rbac lists the resources of rbac.authorization.k8s.io.
package rbac

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/rbac/clusterrole"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/rbac/clusterrolebinding"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/rbac/guard"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/rbac/role"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/rbac/rolebinding"
)

// Group returns rbac.authorization.k8s.io. Write requests are checked by the
// package guard.
func Group(needs guard.Needs) registry.Group {
	return registry.Group{
		Name:     "rbac.authorization.k8s.io",
		Priority: 17000,
		Versions: []registry.Version{{Name: "v1"}},
		Resources: []registry.Definition{
			clusterrole.New(needs),
			clusterrolebinding.New(needs),
			role.New(needs),
			rolebinding.New(needs),
		},
	}
}
