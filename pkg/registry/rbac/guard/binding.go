package guard

import (
	"context"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/authorization/authorizer"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// Binding checks that the user may bind a role: by the verb "bind", or because
// he has all that the role grants.
func Binding(ctx context.Context, deps registry.Deps, resource schema.GroupResource, namespace, name string, role rbacv1.RoleRef) error {
	resources := map[string]string{"Role": "roles", "ClusterRole": "clusterroles"}
	if r := resources[role.Kind]; r != "" && May(ctx, deps, authorizer.AttributesRecord{
		Verb: "bind", APIGroup: role.APIGroup, Resource: r, Name: role.Name, Namespace: namespace}) {
		return nil
	}
	rules, err := deps.RBAC.RoleRules(role, namespace)
	if err != nil {
		return err
	}
	if err := deps.RBAC.ConfirmNoEscalation(ctx, rules); err != nil {
		return apierrors.NewForbidden(resource, name, err)
	}
	return nil
}
