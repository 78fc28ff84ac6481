// Package clusterrolebinding defines cluster role bindings, which give users the
// permissions of a cluster role in the whole cluster.
package clusterrolebinding

import (
	"context"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/validation/path"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/rbac/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/rbac/columns"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/rbac/guard"
)

// Resource defines cluster role bindings.
var Resource = &registry.Resource[*rbacv1.ClusterRoleBinding]{
	GVR:           rbacv1.SchemeGroupVersion.WithResource("clusterrolebindings"),
	Singular:      "clusterrolebinding",
	ClusterScoped: true,
	New:           func() *rbacv1.ClusterRoleBinding { return &rbacv1.ClusterRoleBinding{} },
	NewList:       func() runtime.Object { return &rbacv1.ClusterRoleBindingList{} },
	PutCreates:    true,
	Hooks: registry.Hooks[*rbacv1.ClusterRoleBinding]{
		Validate:       validate,
		ValidateUpdate: validateUpdate,
	},
	Columns: columns.Binding("clusterRoleBinding", "only reference a ClusterRole in the global namespace", content),
	Wrap:    guard.Wrap(func() *rbacv1.ClusterRoleBinding { return &rbacv1.ClusterRoleBinding{} }, mayBind),
}

var metaPath = field.NewPath("metadata")

func content(b *rbacv1.ClusterRoleBinding) validation.Binding {
	return validation.Binding{RoleRef: b.RoleRef, Subjects: b.Subjects}
}

func validate(_ context.Context, b *rbacv1.ClusterRoleBinding) field.ErrorList {
	errs := metavalidation.ValidateObjectMeta(&b.ObjectMeta, false, path.ValidatePathSegmentName, metaPath)
	return append(errs, content(b).Validate(false, "ClusterRole")...)
}

func validateUpdate(ctx context.Context, b, old *rbacv1.ClusterRoleBinding) field.ErrorList {
	errs := append(validate(ctx, b), metavalidation.ValidateObjectMetaUpdate(&b.ObjectMeta, &old.ObjectMeta, metaPath)...)
	return append(errs, content(b).ValidateUpdate(content(old))...)
}

func mayBind(ctx context.Context, b, _ *rbacv1.ClusterRoleBinding, deps registry.Deps) error {
	return guard.Binding(ctx, deps, rbacv1.Resource("clusterrolebindings"), "", b.Name, b.RoleRef)
}
