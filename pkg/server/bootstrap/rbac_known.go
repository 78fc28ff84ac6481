package bootstrap

import (
	"context"
	"errors"
	"fmt"

	rbacv1 "k8s.io/api/rbac/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/component-helpers/auth/rbac/reconciliation"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/objects"
)

// existing contains all roles and bindings by namespace and name. They are
// read by four lists.
type existing struct {
	roles    map[string]reconciliation.RuleOwner
	bindings map[string]reconciliation.RoleBinding
}

func readRoles(ctx context.Context, access *objects.Access) (*existing, error) {
	var errs [4]error
	var clusterRoles *rbacv1.ClusterRoleList
	var clusterRoleBindings *rbacv1.ClusterRoleBindingList
	var roles *rbacv1.RoleList
	var bindings *rbacv1.RoleBindingList
	clusterRoles, errs[0] = list[*rbacv1.ClusterRoleList](ctx, access, clusterRoleResource)
	clusterRoleBindings, errs[1] = list[*rbacv1.ClusterRoleBindingList](ctx, access, clusterRoleBindingResource)
	roles, errs[2] = list[*rbacv1.RoleList](ctx, access, roleResource)
	bindings, errs[3] = list[*rbacv1.RoleBindingList](ctx, access, roleBindingResource)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("reading roles and bindings: %w", err)
	}
	have := &existing{roles: map[string]reconciliation.RuleOwner{}, bindings: map[string]reconciliation.RoleBinding{}}
	for i := range clusterRoles.Items {
		have.roles[key("", clusterRoles.Items[i].Name)] = reconciliation.ClusterRoleRuleOwner{ClusterRole: &clusterRoles.Items[i]}
	}
	for i := range roles.Items {
		have.roles[key(roles.Items[i].Namespace, roles.Items[i].Name)] = reconciliation.RoleRuleOwner{Role: &roles.Items[i]}
	}
	for i := range clusterRoleBindings.Items {
		have.bindings[key("", clusterRoleBindings.Items[i].Name)] = reconciliation.ClusterRoleBindingAdapter{ClusterRoleBinding: &clusterRoleBindings.Items[i]}
	}
	for i := range bindings.Items {
		have.bindings[key(bindings.Items[i].Namespace, bindings.Items[i].Name)] = reconciliation.RoleBindingAdapter{RoleBinding: &bindings.Items[i]}
	}
	return have, nil
}

// hasRole reports whether a role is as it should be. This is faster than the library's comparison, which
// looks which rules cover which others.
func (e *existing) hasRole(want reconciliation.RuleOwner) bool {
	have, ok := e.roles[key(want.GetNamespace(), want.GetName())]
	return ok && apiequality.Semantic.DeepEqual(have.GetRules(), want.GetRules()) &&
		apiequality.Semantic.DeepEqual(have.GetAggregationRule(), want.GetAggregationRule()) &&
		includes(have.GetLabels(), want.GetLabels()) && includes(have.GetAnnotations(), want.GetAnnotations())
}

// hasBinding reports whether a binding is as it should be.
func (e *existing) hasBinding(want reconciliation.RoleBinding) bool {
	have, ok := e.bindings[key(want.GetNamespace(), want.GetName())]
	return ok && have.GetRoleRef() == want.GetRoleRef() && apiequality.Semantic.DeepEqual(have.GetSubjects(), want.GetSubjects()) &&
		includes(have.GetLabels(), want.GetLabels()) && includes(have.GetAnnotations(), want.GetAnnotations())
}

// includes reports whether a map has all entries of another.
func includes(have, want map[string]string) bool {
	for key, value := range want {
		if found, ok := have[key]; !ok || found != value {
			return false
		}
	}
	return true
}

func key(namespace, name string) string { return namespace + "/" + name }

// knownRole answers the first Get of a role from the lists that were read
// before. Later calls, which follow a conflict, are sent to the server.
type knownRole struct {
	reconciliation.RuleOwnerModifier
	have map[string]reconciliation.RuleOwner
}

// Get implements reconciliation.RuleOwnerModifier.
func (k *knownRole) Get(namespace, name string) (reconciliation.RuleOwner, error) {
	have := k.have
	if k.have = nil; have == nil {
		return k.RuleOwnerModifier.Get(namespace, name)
	}
	if role, ok := have[key(namespace, name)]; ok {
		return role, nil
	}
	return nil, apierrors.NewNotFound(rbacv1.Resource("role"), name)
}

// knownBinding does for bindings what knownRole does for roles.
type knownBinding struct {
	reconciliation.RoleBindingModifier
	have map[string]reconciliation.RoleBinding
}

// Get implements reconciliation.RoleBindingModifier.
func (k *knownBinding) Get(namespace, name string) (reconciliation.RoleBinding, error) {
	have := k.have
	if k.have = nil; have == nil {
		return k.RoleBindingModifier.Get(namespace, name)
	}
	if binding, ok := have[key(namespace, name)]; ok {
		return binding, nil
	}
	return nil, apierrors.NewNotFound(rbacv1.Resource("rolebinding"), name)
}
