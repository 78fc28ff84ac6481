package guard

import (
	"context"
	"fmt"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/authorization/authorizer"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
)

// Binding checks that the user may bind a role. This requires the verb "bind"
// on the role, or all permissions that the role grants.
func (g Guard) Binding(ctx context.Context, resource schema.GroupResource, namespace, name string, role rbacv1.RoleRef) error {
	resources := map[string]string{"Role": "roles", "ClusterRole": "clusterroles"}
	if r := resources[role.Kind]; r != "" && g.May(ctx, authorizer.AttributesRecord{
		Verb: "bind", APIGroup: role.APIGroup, Resource: r, Name: role.Name, Namespace: namespace}) {
		return nil
	}
	rules, err := g.rulesOf(ctx, role, namespace)
	if err != nil {
		return err
	}
	if err := g.RBAC.ConfirmNoEscalation(ctx, rules); err != nil {
		return apierrors.NewForbidden(resource, name, err)
	}
	return nil
}

// rulesOf returns the current rules of a role. It does not use a cache, which
// might lack a role that was created just before, or its latest rules.
func (g Guard) rulesOf(ctx context.Context, role rbacv1.RoleRef, namespace string) ([]rbacv1.PolicyRule, error) {
	switch role.Kind {
	case "Role":
		found, err := objects.GetLive[*rbacv1.Role](ctx, g.objects, rbacv1.Resource("roles"), namespace, role.Name)
		if err != nil {
			return nil, err
		}
		return found.Rules, nil
	case "ClusterRole":
		found, err := objects.GetLive[*rbacv1.ClusterRole](ctx, g.objects, rbacv1.Resource("clusterroles"), "", role.Name)
		if err != nil {
			return nil, err
		}
		return found.Rules, nil
	}
	return nil, fmt.Errorf("unsupported role reference kind: %q", role.Kind)
}
