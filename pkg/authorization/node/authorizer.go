package node

import (
	"context"
	"fmt"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/client-go/kubernetes"
	"k8s.io/klog/v2"

	bootstrappolicy "github.com/gatehouse-k8s/gatehouse/config/rbac"
	"github.com/gatehouse-k8s/gatehouse/pkg/authorization/rbac"
)

// roleName is the name of the cluster role that contains the rules for
// kubelets.
const roleName = "system:node"

// Authorizer decides about requests of kubelets, and has no opinion on others.
// It never denies a request, so that an administrator can grant a kubelet more
// through RBAC.
type Authorizer struct {
	authorizer.AuthorizerFunc
	graph graph
	feed  feed
	rules []rbacv1.PolicyRule
	// guarded contains the resources that need more than a rule.
	guarded map[schema.GroupResource]guard
}

var (
	_ authorizer.Authorizer   = (*Authorizer)(nil)
	_ authorizer.RuleResolver = (*Authorizer)(nil)
)

// New returns an authorizer that reads objects with the client. It reads only
// resources for which served returns true. It starts reading at the first
// request that depends on these objects, and stops when the context ends.
func New(ctx context.Context, client kubernetes.Interface, served func(schema.GroupVersionResource) bool) (*Authorizer, error) {
	a := &Authorizer{feed: feed{ctx: ctx, client: client, served: served}}
	a.feed.graph = &a.graph
	a.AuthorizerFunc = a.authorize
	bootstrap, err := bootstrappolicy.Bootstrap()
	if err != nil {
		return nil, err
	}
	for _, role := range bootstrap.ClusterRoles {
		if role.Name == roleName {
			a.rules = role.Rules
		}
	}
	if a.rules == nil {
		return nil, fmt.Errorf("the bootstrap policy has no ClusterRole %q", roleName)
	}
	a.guarded = a.guards()
	return a, nil
}

func (a *Authorizer) authorize(ctx context.Context, attrs authorizer.Attributes) (authorizer.Decision, string, error) {
	node, isNode := Identify(attrs.GetUser())
	if !isNode {
		return authorizer.DecisionNoOpinion, "", nil
	}
	if node == "" {
		return authorizer.DecisionNoOpinion, fmt.Sprintf("unknown node for user %q", attrs.GetUser().GetName()), nil
	}
	if attrs.IsResourceRequest() {
		resource := schema.GroupResource{Group: attrs.GetAPIGroup(), Resource: attrs.GetResource()}
		if check := a.guarded[resource]; check != nil {
			switch refusal, known := check(ctx, node, attrs); {
			case known && refusal == "":
				return authorizer.DecisionAllow, "", nil
			case known:
				klog.FromContext(ctx).V(2).Info("The node authorizer does not allow a request", "node", node, "reason", refusal)
				return authorizer.DecisionNoOpinion, refusal, nil
			}
		}
	}
	for i := range a.rules {
		if rbac.Allows(&a.rules[i], attrs) {
			return authorizer.DecisionAllow, "", nil
		}
	}
	return authorizer.DecisionNoOpinion, "", nil
}

// reads reports whether a node may read an object because of the pods that run
// on the node. It returns false if the graph is not complete in time.
func (a *Authorizer) reads(ctx context.Context, node string, o object) bool {
	if !a.feed.wait(ctx) {
		klog.FromContext(ctx).Error(ctx.Err(), "The node authorizer has not received all pods yet", "node", node)
		return false
	}
	return a.graph.reads(node, o)
}

// RulesFor implements authorizer.RuleResolver. It returns an error for
// kubelets, because rules cannot express what a kubelet may do.
func (a *Authorizer) RulesFor(_ context.Context, u user.Info, _ string) ([]authorizer.ResourceRuleInfo, []authorizer.NonResourceRuleInfo, bool, error) {
	if _, isNode := Identify(u); isNode {
		return nil, nil, true, fmt.Errorf("node authorizer does not support user rule resolution")
	}
	return nil, nil, false, nil
}
