package bootstrap

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/component-helpers/auth/rbac/reconciliation"
)

// existing contains all roles and bindings by namespace and name. Four list
// requests read them, instead of more than one hundred get requests.
type existing struct {
	roles    map[string]reconciliation.RuleOwner
	bindings map[string]reconciliation.RoleBinding
}

func readRoles(ctx context.Context, client kubernetes.Interface) (*existing, error) {
	v1, all := client.RbacV1(), metav1.ListOptions{}
	var clusterRoles *rbacv1.ClusterRoleList
	var clusterRoleBindings *rbacv1.ClusterRoleBindingList
	var roles *rbacv1.RoleList
	var bindings *rbacv1.RoleBindingList
	var parallel errgroup.Group
	parallel.Go(func() (err error) { clusterRoles, err = v1.ClusterRoles().List(ctx, all); return err })
	parallel.Go(func() (err error) { clusterRoleBindings, err = v1.ClusterRoleBindings().List(ctx, all); return err })
	parallel.Go(func() (err error) { roles, err = v1.Roles("").List(ctx, all); return err })
	parallel.Go(func() (err error) { bindings, err = v1.RoleBindings("").List(ctx, all); return err })
	if err := parallel.Wait(); err != nil {
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
