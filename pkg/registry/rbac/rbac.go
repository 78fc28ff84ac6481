// Package rbac lists the resources of rbac.authorization.k8s.io.
package rbac

import (
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/rbac/clusterrole"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/rbac/clusterrolebinding"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/rbac/role"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/rbac/rolebinding"
)

// Group is rbac.authorization.k8s.io.
var Group = registry.Group{Name: "rbac.authorization.k8s.io", Versions: []registry.Version{{Name: "v1", Resources: []registry.Definition{
	clusterrole.Resource,
	clusterrolebinding.Resource,
	role.Resource,
	rolebinding.Resource,
}}}}
