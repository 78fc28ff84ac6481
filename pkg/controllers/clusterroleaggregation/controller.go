// Package clusterroleaggregation gives cluster roles with an aggregation rule,
// such as admin, edit and view, the rules of the roles that they select.
package clusterroleaggregation

import (
	"context"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	rbacapply "k8s.io/client-go/applyconfigurations/rbac/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	rbacclient "k8s.io/client-go/kubernetes/typed/rbac/v1"
	rbaclisters "k8s.io/client-go/listers/rbac/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
)

// Name is kube-controller-manager's name of the controller, and the field
// manager of the rules.
const Name = "clusterrole-aggregation-controller"

// Controller aggregates.
type Controller struct {
	client rbacclient.ClusterRoleInterface
	lister rbaclisters.ClusterRoleLister
	synced cache.InformerSynced
	queue  workqueue.TypedRateLimitingInterface[string]
}

// New returns the controller. It must be called before the informers start.
func New(client kubernetes.Interface, informers informers.SharedInformerFactory) (*Controller, error) {
	roles := informers.Rbac().V1().ClusterRoles()
	c := &Controller{
		client: client.RbacV1().ClusterRoles(),
		lister: roles.Lister(),
		synced: roles.Informer().HasSynced,
		queue: workqueue.NewTypedRateLimitingQueueWithConfig(workqueue.DefaultTypedControllerRateLimiter[string](),
			workqueue.TypedRateLimitingQueueConfig[string]{Name: "ClusterRoleAggregator"}),
	}
	_, err := roles.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { c.enqueue() },
		UpdateFunc: func(any, any) { c.enqueue() },
		DeleteFunc: func(any) { c.enqueue() },
	})
	return c, err
}

// enqueue looks at all roles that aggregate: any role may have begun or ceased
// to be selected. The queue makes one look of many.
func (c *Controller) enqueue() {
	roles, err := c.lister.List(labels.Everything())
	if err != nil {
		utilruntime.HandleError(err)
		return
	}
	for _, role := range roles {
		if role.AggregationRule != nil {
			c.queue.Add(role.Name)
		}
	}
}

// Run aggregates until the context ends.
func (c *Controller) Run(ctx context.Context) {
	defer utilruntime.HandleCrashWithContext(ctx)
	context.AfterFunc(ctx, c.queue.ShutDown)
	if !cache.WaitForCacheSync(ctx.Done(), c.synced) {
		return
	}
	for {
		name, shutdown := c.queue.Get()
		if shutdown {
			return
		}
		if err := c.sync(ctx, name); err != nil {
			utilruntime.HandleErrorWithContext(ctx, err, "Aggregating a cluster role; trying again", "clusterRole", name)
			c.queue.AddRateLimited(name)
		} else {
			c.queue.Forget(name)
		}
		c.queue.Done(name)
	}
}

func (c *Controller) sync(ctx context.Context, name string) error {
	role, err := c.lister.Get(name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil || role.AggregationRule == nil {
		return err
	}
	rules, err := c.rules(role)
	if err != nil || equality.Semantic.DeepEqual(rules, role.Rules) {
		return err
	}
	apply := rbacapply.ClusterRole(name).WithRules(toApply(rules)...)
	_, err = c.client.Apply(ctx, apply, metav1.ApplyOptions{FieldManager: Name, Force: true})
	return err
}

// rules returns the rules of the selected roles, by selector and name, each
// once.
func (c *Controller) rules(role *rbacv1.ClusterRole) ([]rbacv1.PolicyRule, error) {
	var rules []rbacv1.PolicyRule
	for i := range role.AggregationRule.ClusterRoleSelectors {
		selector, err := metav1.LabelSelectorAsSelector(&role.AggregationRule.ClusterRoleSelectors[i])
		if err != nil {
			return nil, err
		}
		selected, err := c.lister.List(selector)
		if err != nil {
			return nil, err
		}
		slices.SortFunc(selected, func(a, b *rbacv1.ClusterRole) int { return strings.Compare(a.Name, b.Name) })
		for _, source := range selected {
			if source.Name == role.Name {
				continue
			}
			for _, rule := range source.Rules {
				if !slices.ContainsFunc(rules, func(r rbacv1.PolicyRule) bool { return equality.Semantic.DeepEqual(r, rule) }) {
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
