// Package role defines roles, which grant permissions in one namespace.
package role

import (
	"context"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/validation/path"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	metavalidation "github.com/gatehouse-k8s/gatehouse/pkg/apis/meta/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/apis/rbac/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/rbac/columns"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/rbac/guard"
)

// Resource defines roles.
var Resource = &registry.Resource[*rbacv1.Role]{
	GVR:        rbacv1.SchemeGroupVersion.WithResource("roles"),
	Singular:   "role",
	New:        func() *rbacv1.Role { return &rbacv1.Role{} },
	NewList:    func() runtime.Object { return &rbacv1.RoleList{} },
	PutCreates: true,
	Hooks: registry.Hooks[*rbacv1.Role]{
		Validate:       validate,
		ValidateUpdate: validateUpdate,
	},
	Columns: columns.Role[*rbacv1.Role](),
	Wrap:    guard.Wrap(func() *rbacv1.Role { return &rbacv1.Role{} }, mayWrite),
}

var metaPath = field.NewPath("metadata")

func validate(_ context.Context, role *rbacv1.Role) field.ErrorList {
	errs := metavalidation.ValidateObjectMeta(&role.ObjectMeta, true, path.ValidatePathSegmentName, metaPath)
	return append(errs, validation.ValidateRules(role.Rules, true, field.NewPath("rules"))...)
}

func validateUpdate(ctx context.Context, role, old *rbacv1.Role) field.ErrorList {
	return append(validate(ctx, role), metavalidation.ValidateObjectMetaUpdate(&role.ObjectMeta, &old.ObjectMeta, metaPath)...)
}

// mayWrite checks that the user has what the role grants, or may escalate.
func mayWrite(ctx context.Context, role, _ *rbacv1.Role, deps registry.Deps) error {
	if guard.MayEscalate(ctx, deps) {
		return nil
	}
	if err := deps.RBAC.ConfirmNoEscalation(ctx, role.Rules); err != nil {
		return apierrors.NewForbidden(rbacv1.Resource("roles"), role.Name, err)
	}
	return nil
}
