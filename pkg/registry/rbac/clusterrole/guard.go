package clusterrole

import (
	"context"
	"errors"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry/rbac/guard"
)

// everything contains the rules that a user must have in order to set an
// aggregation rule, because any rules can be aggregated later.
var everything = []rbacv1.PolicyRule{
	{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}},
	{Verbs: []string{"*"}, NonResourceURLs: []string{"*"}},
}

// mayWrite checks that the user has all permissions that the role grants, or
// may escalate.
func mayWrite(ctx context.Context, g guard.Guard, role, old *rbacv1.ClusterRole) error {
	if g.MayEscalate(ctx) {
		return nil
	}
	err := g.RBAC.ConfirmNoEscalation(ctx, role.Rules)
	if err == nil && (role.AggregationRule != nil || old.AggregationRule != nil) && g.RBAC.ConfirmNoEscalation(ctx, everything) != nil {
		err = errors.New("must have cluster-admin privileges to use the aggregationRule")
	}
	if err != nil {
		return apierrors.NewForbidden(rbacv1.Resource("clusterroles"), role.Name, err)
	}
	return nil
}
