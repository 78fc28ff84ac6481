// Package rolebinding defines role bindings, which give users the permissions of a
// role in one namespace.
package rolebinding

import (
	"context"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/validation/path"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"

	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/rbac/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/rbac/columns"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/rbac/guard"
)

// Resource defines role bindings.
var Resource = &registry.Resource[*rbacv1.RoleBinding]{
	GVR:        rbacv1.SchemeGroupVersion.WithResource("rolebindings"),
	Singular:   "rolebinding",
	New:        func() *rbacv1.RoleBinding { return &rbacv1.RoleBinding{} },
	NewList:    func() runtime.Object { return &rbacv1.RoleBindingList{} },
	PutCreates: true,
	Hooks: registry.Hooks[*rbacv1.RoleBinding]{
		Validate:       validate,
		ValidateUpdate: validateUpdate,
	},
	Columns: columns.Binding("roleBinding", "reference a Role in the current namespace or a ClusterRole in the global namespace", content),
	Wrap:    guard.Wrap(func() *rbacv1.RoleBinding { return &rbacv1.RoleBinding{} }, mayBind),
}

var metaPath = field.NewPath("metadata")

func content(b *rbacv1.RoleBinding) validation.Binding {
	return validation.Binding{RoleRef: b.RoleRef, Subjects: b.Subjects}
}

func validate(_ context.Context, b *rbacv1.RoleBinding) field.ErrorList {
	errs := metavalidation.ValidateObjectMeta(&b.ObjectMeta, true, path.ValidatePathSegmentName, metaPath)
	return append(errs, content(b).Validate(true, "Role", "ClusterRole")...)
}

func validateUpdate(ctx context.Context, b, old *rbacv1.RoleBinding) field.ErrorList {
	errs := append(validate(ctx, b), metavalidation.ValidateObjectMetaUpdate(&b.ObjectMeta, &old.ObjectMeta, metaPath)...)
	return append(errs, content(b).ValidateUpdate(content(old))...)
}

func mayBind(ctx context.Context, b, _ *rbacv1.RoleBinding, deps registry.Deps) error {
	return guard.Binding(ctx, deps, rbacv1.Resource("rolebindings"), genericapirequest.NamespaceValue(ctx), b.Name, b.RoleRef)
}
