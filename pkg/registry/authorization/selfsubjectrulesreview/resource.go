// Package selfsubjectrulesreview defines SelfSubjectRulesReviews, which list
// everything that the caller is allowed to do in a namespace.
package selfsubjectrulesreview

import (
	"context"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apiserver/pkg/authorization/authorizer"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
)

// New defines selfsubjectrulesreviews.
func New(rules authorizer.RuleResolver) *registry.Review[*authorizationv1.SelfSubjectRulesReview] {
	return &registry.Review[*authorizationv1.SelfSubjectRulesReview]{
		GVR:      authorizationv1.SchemeGroupVersion.WithResource("selfsubjectrulesreviews"),
		Singular: "selfsubjectrulesreview",
		New:      func() *authorizationv1.SelfSubjectRulesReview { return &authorizationv1.SelfSubjectRulesReview{} },
		Require: func(_ context.Context, review *authorizationv1.SelfSubjectRulesReview) error {
			if review.Spec.Namespace == "" {
				return apierrors.NewBadRequest("no namespace on request")
			}
			return nil
		},
		Answer: func(ctx context.Context, review *authorizationv1.SelfSubjectRulesReview) (*authorizationv1.SelfSubjectRulesReview, error) {
			return answer(ctx, rules, review)
		},
	}
}

// answer lists the rules. Like that of kube-apiserver, the response contains
// only the status.
func answer(ctx context.Context, rules authorizer.RuleResolver,
	review *authorizationv1.SelfSubjectRulesReview) (*authorizationv1.SelfSubjectRulesReview, error) {
	caller, err := registry.Caller(ctx)
	if err != nil {
		return nil, err
	}
	resources, urls, incomplete, err := rules.RulesFor(ctx, caller, review.Spec.Namespace)
	status := authorizationv1.SubjectRulesReviewStatus{
		ResourceRules:    resourceRules(resources),
		NonResourceRules: nonResourceRules(urls),
		Incomplete:       incomplete,
	}
	if err != nil {
		status.EvaluationError = err.Error()
	}
	return &authorizationv1.SelfSubjectRulesReview{Status: status}, nil
}

func resourceRules(infos []authorizer.ResourceRuleInfo) []authorizationv1.ResourceRule {
	rules := make([]authorizationv1.ResourceRule, len(infos))
	for i, info := range infos {
		rules[i] = authorizationv1.ResourceRule{
			Verbs: info.GetVerbs(), APIGroups: info.GetAPIGroups(), Resources: info.GetResources(), ResourceNames: info.GetResourceNames()}
	}
	return rules
}

func nonResourceRules(infos []authorizer.NonResourceRuleInfo) []authorizationv1.NonResourceRule {
	rules := make([]authorizationv1.NonResourceRule, len(infos))
	for i, info := range infos {
		rules[i] = authorizationv1.NonResourceRule{Verbs: info.GetVerbs(), NonResourceURLs: info.GetNonResourceURLs()}
	}
	return rules
}
