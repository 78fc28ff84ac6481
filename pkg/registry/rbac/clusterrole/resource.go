// Package clusterrole defines cluster roles, which grant permissions in the
// whole cluster or, if a role binding refers to them, in one namespace.
package clusterrole

import (
	rbacv1 "k8s.io/api/rbac/v1"
	pathvalidation "k8s.io/apimachinery/pkg/api/validation/path"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/rbac/columns"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/rbac/guard"
)

// New defines cluster roles.
func New(needs guard.Needs) *registry.Resource[*rbacv1.ClusterRole] {
	empty := func() *rbacv1.ClusterRole { return &rbacv1.ClusterRole{} }
	return &registry.Resource[*rbacv1.ClusterRole]{
		GVR:           rbacv1.SchemeGroupVersion.WithResource("clusterroles"),
		Singular:      "clusterrole",
		ClusterScoped: true,
		New:           empty,
		NewList:       func() runtime.Object { return &rbacv1.ClusterRoleList{} },
		PutCreates:    true,
		ValidateName:  pathvalidation.ValidatePathSegmentName,
		Hooks: registry.Hooks[*rbacv1.ClusterRole]{
			Validate: validate,
			OnUpdate: []registry.Rule{registry.Whole, registry.MetadataChange},
		},
		Columns: columns.Role[*rbacv1.ClusterRole](),
		Wrap:    guard.Wrap(needs, empty, mayWrite),
	}
}
