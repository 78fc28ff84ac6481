// Package tokenreview defines TokenReviews, which tell to which user a bearer
// token belongs.
package tokenreview

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/user"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/authentication/userinfo"
)

// Needs contains what is necessary to answer token reviews.
type Needs struct {
	// Authenticator is the same chain of authenticators that authenticates all
	// requests.
	Authenticator authenticator.Request
	// Audiences are the audiences that tokens for this server have.
	Audiences authenticator.Audiences
}

// New defines tokenreviews.
func New(needs Needs) *registry.Review[*authenticationv1.TokenReview] {
	return &registry.Review[*authenticationv1.TokenReview]{
		GVR:      authenticationv1.SchemeGroupVersion.WithResource("tokenreviews"),
		Singular: "tokenreview",
		New:      func() *authenticationv1.TokenReview { return &authenticationv1.TokenReview{} },
		Require: func(_ context.Context, review *authenticationv1.TokenReview) error {
			if review.Spec.Token == "" {
				return apierrors.NewBadRequest("token is required for TokenReview in authentication")
			}
			return nil
		},
		Answer: needs.answer,
	}
}

// answer authenticates a request that contains only the token, for the
// audiences of the review. If the review has no audiences, those of this server
// are used. Like in kube-apiserver, the request fails if the token is not valid
// for any of them.
func (n Needs) answer(ctx context.Context, review *authenticationv1.TokenReview) (*authenticationv1.TokenReview, error) {
	audiences := authenticator.Audiences(review.Spec.Audiences)
	if len(audiences) == 0 {
		audiences = n.Audiences
	}
	response, ok, err := authenticate(ctx, n.Authenticator, review.Spec.Token, audiences)
	status := &review.Status
	status.Authenticated = ok
	if err != nil {
		status.Error = err.Error()
	}
	if response == nil || response.User == nil {
		return review, nil
	}
	if len(audiences) > 0 && len(audiences.Intersect(response.Audiences)) == 0 {
		return nil, apierrors.NewInternalError(errors.New("error validating audiences"))
	}
	status.User, status.Audiences = userinfo.Of(response.User), response.Audiences
	return review, nil
}

// authenticate returns the user to whom the token belongs. The context of the
// request to the authenticators is cancelled together with that of the caller,
// but does not inherit its values: otherwise the authenticators would use the
// audiences of the caller and add annotations to the audit event of the caller.
// The anonymous user means that the request was authenticated without the
// token, for example because the token begins with a space.
func authenticate(ctx context.Context, a authenticator.Request, token string, audiences authenticator.Audiences) (*authenticator.Response, bool, error) {
	own, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	if len(audiences) > 0 {
		own = authenticator.WithAudiences(own, audiences)
	}
	request := &http.Request{Method: http.MethodGet, URL: &url.URL{}, Header: http.Header{"Authorization": {"Bearer " + token}}}
	response, ok, err := a.AuthenticateRequest(request.WithContext(own))
	if err != nil || !ok || response == nil || response.User == nil || response.User.GetName() == user.Anonymous {
		return nil, false, err
	}
	return response, true, nil
}
