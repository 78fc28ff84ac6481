// Package rolebinding defines role bindings, which grant users the permissions
// of a role in one namespace.
package rolebinding

import (
	"context"

	rbacv1 "k8s.io/api/rbac/v1"
	pathvalidation "k8s.io/apimachinery/pkg/api/validation/path"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/rbac/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/rbac/columns"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/rbac/guard"
)

// New defines role bindings.
func New(needs guard.Needs) *registry.Resource[*rbacv1.RoleBinding] {
	empty := func() *rbacv1.RoleBinding { return &rbacv1.RoleBinding{} }
	return &registry.Resource[*rbacv1.RoleBinding]{
		GVR:          rbacv1.SchemeGroupVersion.WithResource("rolebindings"),
		Singular:     "rolebinding",
		New:          empty,
		NewList:      func() runtime.Object { return &rbacv1.RoleBindingList{} },
		PutCreates:   true,
		ValidateName: pathvalidation.ValidatePathSegmentName,
		Hooks: registry.Hooks[*rbacv1.RoleBinding]{
			Validate:       validate,
			OnUpdate:       []registry.Rule{registry.Whole, registry.MetadataChange, registry.Change},
			ValidateUpdate: validateUpdate,
		},
		Columns: columns.Binding("roleBinding", "reference a Role in the current namespace or a ClusterRole in the global namespace", content),
		Wrap:    guard.Wrap(needs, empty, mayBind),
	}
}

func content(b *rbacv1.RoleBinding) validation.Binding {
	return validation.Binding{RoleRef: b.RoleRef, Subjects: b.Subjects}
}

func validate(_ context.Context, b *rbacv1.RoleBinding) field.ErrorList {
	return content(b).Validate(true, "Role", "ClusterRole")
}

func validateUpdate(_ context.Context, b, old *rbacv1.RoleBinding) field.ErrorList {
	return content(b).ValidateUpdate(content(old))
}

func mayBind(ctx context.Context, g guard.Guard, b, _ *rbacv1.RoleBinding) error {
	return g.Binding(ctx, rbacv1.Resource("rolebindings"), genericapirequest.NamespaceValue(ctx), b.Name, b.RoleRef)
}
