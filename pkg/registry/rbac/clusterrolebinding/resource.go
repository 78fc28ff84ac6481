// Package clusterrolebinding defines cluster role bindings, which grant users
// the permissions of a cluster role in the whole cluster.
package clusterrolebinding

import (
	"context"

	rbacv1 "k8s.io/api/rbac/v1"
	pathvalidation "k8s.io/apimachinery/pkg/api/validation/path"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/rbac/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/rbac/columns"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/rbac/guard"
)

// New defines cluster role bindings.
func New(needs guard.Needs) *registry.Resource[*rbacv1.ClusterRoleBinding] {
	empty := func() *rbacv1.ClusterRoleBinding { return &rbacv1.ClusterRoleBinding{} }
	return &registry.Resource[*rbacv1.ClusterRoleBinding]{
		GVR:           rbacv1.SchemeGroupVersion.WithResource("clusterrolebindings"),
		Singular:      "clusterrolebinding",
		ClusterScoped: true,
		New:           empty,
		NewList:       func() runtime.Object { return &rbacv1.ClusterRoleBindingList{} },
		PutCreates:    true,
		ValidateName:  pathvalidation.ValidatePathSegmentName,
		Hooks: registry.Hooks[*rbacv1.ClusterRoleBinding]{
			Validate:       validate,
			OnUpdate:       []registry.Rule{registry.Whole, registry.MetadataChange, registry.Change},
			ValidateUpdate: validateUpdate,
		},
		Columns: columns.Binding("clusterRoleBinding", "only reference a ClusterRole in the global namespace", content),
		Wrap:    guard.Wrap(needs, empty, mayBind),
	}
}

func content(b *rbacv1.ClusterRoleBinding) validation.Binding {
	return validation.Binding{RoleRef: b.RoleRef, Subjects: b.Subjects}
}

func validate(_ context.Context, b *rbacv1.ClusterRoleBinding) field.ErrorList {
	return content(b).Validate(false, "ClusterRole")
}

func validateUpdate(_ context.Context, b, old *rbacv1.ClusterRoleBinding) field.ErrorList {
	return content(b).ValidateUpdate(content(old))
}

func mayBind(ctx context.Context, g guard.Guard, b, _ *rbacv1.ClusterRoleBinding) error {
	return g.Binding(ctx, rbacv1.Resource("clusterrolebindings"), "", b.Name, b.RoleRef)
}
