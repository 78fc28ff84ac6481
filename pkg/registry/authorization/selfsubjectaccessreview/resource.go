// Package selfsubjectaccessreview defines SelfSubjectAccessReviews, which tell
// whether the caller is allowed to do something.
package selfsubjectaccessreview

import (
	"context"

	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/apiserver/pkg/authorization/authorizer"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/authorization/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/authorization/access"
)

// New defines selfsubjectaccessreviews.
func New(a authorizer.Authorizer) *registry.Review[*authorizationv1.SelfSubjectAccessReview] {
	return &registry.Review[*authorizationv1.SelfSubjectAccessReview]{
		GVR:      authorizationv1.SchemeGroupVersion.WithResource("selfsubjectaccessreviews"),
		Singular: "selfsubjectaccessreview",
		New:      func() *authorizationv1.SelfSubjectAccessReview { return &authorizationv1.SelfSubjectAccessReview{} },
		Validate: validation.ValidateSelfSubjectAccessReview,
		Answer: func(ctx context.Context, review *authorizationv1.SelfSubjectAccessReview) (*authorizationv1.SelfSubjectAccessReview, error) {
			caller, err := registry.Caller(ctx)
			if err != nil {
				return nil, err
			}
			review.Status = access.Decide(ctx, a, caller, review.Spec.ResourceAttributes, review.Spec.NonResourceAttributes)
			return review, nil
		},
	}
}
