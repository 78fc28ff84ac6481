// Package selfsubjectreview defines SelfSubjectReviews, which tell callers who
// they are.
package selfsubjectreview

import (
	"context"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/authentication/userinfo"
)

// Resource defines SelfSubjectReviews. The response does not contain anything
// from the request.
var Resource = &registry.Review[*authenticationv1.SelfSubjectReview]{
	GVR:      authenticationv1.SchemeGroupVersion.WithResource("selfsubjectreviews"),
	Singular: "selfsubjectreview",
	New:      func() *authenticationv1.SelfSubjectReview { return &authenticationv1.SelfSubjectReview{} },
	Answer: func(ctx context.Context, _ *authenticationv1.SelfSubjectReview) (*authenticationv1.SelfSubjectReview, error) {
		caller, err := registry.Caller(ctx)
		if err != nil {
			return nil, err
		}
		return &authenticationv1.SelfSubjectReview{
			ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.Now()},
			Status:     authenticationv1.SelfSubjectReviewStatus{UserInfo: userinfo.Of(caller)},
		}, nil
	},
}
