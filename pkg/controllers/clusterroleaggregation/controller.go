// Package clusterroleaggregation implements the controller for cluster roles
// with an aggregation rule, such as admin, edit and view. It sets their rules
// to those of the roles that they select.
package clusterroleaggregation

import (
	"context"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	rbacapply "k8s.io/client-go/applyconfigurations/rbac/v1"
	rbacclient "k8s.io/client-go/kubernetes/typed/rbac/v1"
	rbaclisters "k8s.io/client-go/listers/rbac/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/controllers"
)

// Name is the name of the controller in kube-controller-manager. It is also the
// field manager of the rules.
const Name = "clusterrole-aggregation-controller"

// Controller returns the entry for the list of controllers.
func Controller() controllers.Controller {
	return controllers.Controller{
		Name:  Name,
		Alias: "clusterrole-aggregation",
		Needs: []schema.GroupVersionResource{rbacv1.SchemeGroupVersion.WithResource("clusterroles")},
		New: func(d controllers.Deps) *controllers.Loop {
			roles := d.Informers.Rbac().V1().ClusterRoles()
			a := &aggregation{client: d.Client.RbacV1().ClusterRoles(), lister: roles.Lister()}
			return &controllers.Loop{
				Watches: []controllers.Watch{controllers.On(roles.Informer(), a.aggregating)},
				Sync:    a.sync,
			}
		},
	}
}

type aggregation struct {
	client rbacclient.ClusterRoleInterface
	lister rbaclisters.ClusterRoleLister
}

// aggregating returns the names of all roles with an aggregation rule. All of
// them have to be checked after a change of any role, because each may have
// selected the role before the change or select it now.
func (a *aggregation) aggregating(*rbacv1.ClusterRole) (names []string) {
	roles, err := a.lister.List(labels.Everything())
	if err != nil {
		utilruntime.HandleError(err)
	}
	for _, role := range roles {
		if role.AggregationRule != nil {
			names = append(names, role.Name)
		}
	}
	return names
}

func (a *aggregation) sync(ctx context.Context, name string) error {
	role, err := a.lister.Get(name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil || role.AggregationRule == nil {
		return err
	}
	rules, err := a.rules(role)
	if err != nil || apiequality.Semantic.DeepEqual(rules, role.Rules) {
		return err
	}
	apply := rbacapply.ClusterRole(name).WithRules(toApply(rules)...)
	_, err = a.client.Apply(ctx, apply, metav1.ApplyOptions{FieldManager: Name, Force: true})
	return err
}

// rules returns the rules of the selected roles without duplicates, sorted by
// selector and name.
func (a *aggregation) rules(role *rbacv1.ClusterRole) ([]rbacv1.PolicyRule, error) {
	var rules []rbacv1.PolicyRule
	for i := range role.AggregationRule.ClusterRoleSelectors {
		selector, err := metav1.LabelSelectorAsSelector(&role.AggregationRule.ClusterRoleSelectors[i])
		if err != nil {
			return nil, err
		}
		selected, err := a.lister.List(selector)
		if err != nil {
			return nil, err
		}
		slices.SortFunc(selected, func(x, y *rbacv1.ClusterRole) int { return strings.Compare(x.Name, y.Name) })
		for _, source := range selected {
			if source.Name == role.Name {
				continue
			}
			for _, rule := range source.Rules {
				if !slices.ContainsFunc(rules, func(r rbacv1.PolicyRule) bool { return apiequality.Semantic.DeepEqual(r, rule) }) {
					rules = append(rules, rule)
				}
			}
		}
	}
	return rules, nil
}

func toApply(rules []rbacv1.PolicyRule) []*rbacapply.PolicyRuleApplyConfiguration {
	var all []*rbacapply.PolicyRuleApplyConfiguration
	for _, r := range rules {
		all = append(all, rbacapply.PolicyRule().WithVerbs(r.Verbs...).WithAPIGroups(r.APIGroups...).WithResources(r.Resources...).
			WithResourceNames(r.ResourceNames...).WithNonResourceURLs(r.NonResourceURLs...))
	}
	return all
}
