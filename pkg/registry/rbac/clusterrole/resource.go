// Package clusterrole defines cluster roles, which grant permissions in the
// whole cluster or, by a role binding, in one namespace.
package clusterrole

import (
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/rbac/columns"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/rbac/guard"
)

// Resource defines cluster roles.
var Resource = &registry.Resource[*rbacv1.ClusterRole]{
	GVR:           rbacv1.SchemeGroupVersion.WithResource("clusterroles"),
	Singular:      "clusterrole",
	ClusterScoped: true,
	New:           func() *rbacv1.ClusterRole { return &rbacv1.ClusterRole{} },
	NewList:       func() runtime.Object { return &rbacv1.ClusterRoleList{} },
	PutCreates:    true,
	Hooks: registry.Hooks[*rbacv1.ClusterRole]{
		Validate:       validate,
		ValidateUpdate: validateUpdate,
	},
	Columns: columns.Role[*rbacv1.ClusterRole](),
	Wrap:    guard.Wrap(func() *rbacv1.ClusterRole { return &rbacv1.ClusterRole{} }, mayWrite),
}
