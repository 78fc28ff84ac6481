// Package role defines roles, which grant permissions in one namespace.
package role

import (
	"context"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	pathvalidation "k8s.io/apimachinery/pkg/api/validation/path"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/rbac/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/rbac/columns"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/rbac/guard"
)

// New defines roles.
func New(needs guard.Needs) *registry.Resource[*rbacv1.Role] {
	empty := func() *rbacv1.Role { return &rbacv1.Role{} }
	return &registry.Resource[*rbacv1.Role]{
		GVR:          rbacv1.SchemeGroupVersion.WithResource("roles"),
		Singular:     "role",
		New:          empty,
		NewList:      func() runtime.Object { return &rbacv1.RoleList{} },
		PutCreates:   true,
		ValidateName: pathvalidation.ValidatePathSegmentName,
		Hooks: registry.Hooks[*rbacv1.Role]{
			Validate: validate,
			OnUpdate: []registry.Rule{registry.Whole, registry.MetadataChange},
		},
		Columns: columns.Role[*rbacv1.Role](),
		Wrap:    guard.Wrap(needs, empty, mayWrite),
	}
}

func validate(_ context.Context, role *rbacv1.Role) field.ErrorList {
	return validation.ValidateRules(role.Rules, true, field.NewPath("rules"))
}

// mayWrite checks that the user has all permissions that the role grants, or
// may escalate.
func mayWrite(ctx context.Context, g guard.Guard, role, _ *rbacv1.Role) error {
	if g.MayEscalate(ctx) {
		return nil
	}
	if err := g.RBAC.ConfirmNoEscalation(ctx, role.Rules); err != nil {
		return apierrors.NewForbidden(rbacv1.Resource("roles"), role.Name, err)
	}
	return nil
}
