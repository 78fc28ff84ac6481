// Package subjectaccessreview defines SubjectAccessReviews, which tell whether
// a user is allowed to do something.
package subjectaccessreview

import (
	"context"

	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/apiserver/pkg/authorization/authorizer"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/authorization/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/authorization/access"
)

// New defines subjectaccessreviews.
func New(a authorizer.Authorizer) *registry.Review[*authorizationv1.SubjectAccessReview] {
	return &registry.Review[*authorizationv1.SubjectAccessReview]{
		GVR:      authorizationv1.SchemeGroupVersion.WithResource("subjectaccessreviews"),
		Singular: "subjectaccessreview",
		New:      func() *authorizationv1.SubjectAccessReview { return &authorizationv1.SubjectAccessReview{} },
		Validate: validation.ValidateSubjectAccessReview,
		Answer: func(ctx context.Context, review *authorizationv1.SubjectAccessReview) (*authorizationv1.SubjectAccessReview, error) {
			spec := &review.Spec
			review.Status = access.Decide(ctx, a, access.Subject(spec), spec.ResourceAttributes, spec.NonResourceAttributes)
			return review, nil
		},
	}
}
