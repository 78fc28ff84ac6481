package bootstrap

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/util/wait"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/component-helpers/auth/rbac/reconciliation"

	bootstrappolicy "github.com/gatehouse-k8s/gatehouse/config/rbac"
)

// writers is the number of roles and bindings that are written concurrently.
const writers = 16

// roles creates the roles and bindings of the bootstrap policy, and adds
// missing rules and subjects to existing ones unless their annotation disables
// this. The hook ends when the informers have received the policy: a server
// that is ready also enforces it.
func roles(n Needs) genericapiserver.PostStartHookFunc {
	v1 := n.Informers.Rbac().V1()
	clusterRoles, clusterRoleBindings := v1.ClusterRoles().Lister(), v1.ClusterRoleBindings().Lister()
	return func(hook genericapiserver.PostStartHookContext) error {
		policy, err := bootstrappolicy.Bootstrap()
		if err != nil {
			return err
		}
		if err := retry(hook, func(ctx context.Context) error { return ensureRoles(ctx, n, policy) }); err != nil {
			return fmt.Errorf("bootstrap policy: %w", err)
		}
		return wait.PollUntilContextCancel(hook, 2*time.Millisecond, true, func(context.Context) (bool, error) {
			for i := range policy.ClusterRoles {
				if _, err := clusterRoles.Get(policy.ClusterRoles[i].Name); err != nil {
					return false, nil
				}
			}
			for i := range policy.ClusterRoleBindings {
				if _, err := clusterRoleBindings.Get(policy.ClusterRoleBindings[i].Name); err != nil {
					return false, nil
				}
			}
			return true, nil
		})
	}
}

// ensureRoles creates or completes every object of the policy. The library
// decides what is missing; it reads from lists of all existing objects that are
// read once.
func ensureRoles(ctx context.Context, n Needs, policy *bootstrappolicy.Policy) error {
	have, err := readRoles(ctx, n.Objects)
	if err != nil {
		return err
	}
	v1, namespaces := n.Client.RbacV1(), n.Client.CoreV1().Namespaces()
	var parallel errgroup.Group
	parallel.SetLimit(writers)
	role := func(want reconciliation.RuleOwner, access reconciliation.RuleOwnerModifier) {
		if have.hasRole(want) {
			return
		}
		parallel.Go(func() error {
			known := &knownRole{RuleOwnerModifier: access, have: have.roles}
			_, err := (&reconciliation.ReconcileRoleOptions{Role: want, Confirm: true, Client: known}).Run()
			return wrap(err, want.GetName())
		})
	}
	binding := func(want reconciliation.RoleBinding, access reconciliation.RoleBindingModifier) {
		if have.hasBinding(want) {
			return
		}
		parallel.Go(func() error {
			known := &knownBinding{RoleBindingModifier: access, have: have.bindings}
			_, err := (&reconciliation.ReconcileRoleBindingOptions{RoleBinding: want, Confirm: true, Client: known}).Run()
			return wrap(err, want.GetName())
		})
	}
	for i := range policy.ClusterRoles {
		role(reconciliation.ClusterRoleRuleOwner{ClusterRole: policy.ClusterRoles[i].DeepCopy()}, reconciliation.ClusterRoleModifier{Client: v1.ClusterRoles()})
	}
	for i := range policy.Roles {
		role(reconciliation.RoleRuleOwner{Role: policy.Roles[i].DeepCopy()}, reconciliation.RoleModifier{Client: v1, NamespaceClient: namespaces})
	}
	for i := range policy.ClusterRoleBindings {
		binding(reconciliation.ClusterRoleBindingAdapter{ClusterRoleBinding: policy.ClusterRoleBindings[i].DeepCopy()},
			reconciliation.ClusterRoleBindingClientAdapter{Client: v1.ClusterRoleBindings()})
	}
	for i := range policy.RoleBindings {
		binding(reconciliation.RoleBindingAdapter{RoleBinding: policy.RoleBindings[i].DeepCopy()},
			reconciliation.RoleBindingClientAdapter{Client: v1, NamespaceClient: namespaces})
	}
	return parallel.Wait()
}

func wrap(err error, name string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", name, err)
}
