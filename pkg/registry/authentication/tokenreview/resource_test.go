package tokenreview

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/request/anonymous"
	"k8s.io/apiserver/pkg/authentication/request/bearertoken"
	"k8s.io/apiserver/pkg/authentication/request/union"
	"k8s.io/apiserver/pkg/authentication/user"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
)

// chain returns authenticators that accept the token "mine" for the audience of
// this server and the token "any" for all audiences, and treat all other
// requests as anonymous.
func chain() authenticator.Request {
	tokens := authenticator.TokenFunc(func(ctx context.Context, token string) (*authenticator.Response, bool, error) {
		alice := &user.DefaultInfo{Name: "alice", UID: "1", Groups: []string{"g"}, Extra: map[string][]string{"k": {"v"}}}
		audiences, _ := authenticator.AudiencesFrom(ctx)
		switch token {
		case "mine":
			own := authenticator.Audiences{"api"}.Intersect(audiences)
			return &authenticator.Response{User: alice, Audiences: own}, len(own) > 0, nil
		case "any":
			return &authenticator.Response{User: alice}, true, nil
		case "broken":
			return nil, false, errors.New("out of order")
		}
		return nil, false, nil
	})
	return union.NewFailOnError(bearertoken.New(tokens), anonymous.NewAuthenticator(nil))
}

func TestAnswer(t *testing.T) {
	alice := authenticationv1.UserInfo{Username: "alice", UID: "1", Groups: []string{"g"}, Extra: map[string]authenticationv1.ExtraValue{"k": {"v"}}}
	needs := Needs{Authenticator: chain(), Audiences: authenticator.Audiences{"api"}}
	for name, c := range map[string]struct {
		spec authenticationv1.TokenReviewSpec
		want authenticationv1.TokenReviewStatus
	}{
		"for this server": {authenticationv1.TokenReviewSpec{Token: "mine"},
			authenticationv1.TokenReviewStatus{Authenticated: true, User: alice, Audiences: []string{"api"}}},
		"one of two": {authenticationv1.TokenReviewSpec{Token: "mine", Audiences: []string{"other", "api"}},
			authenticationv1.TokenReviewStatus{Authenticated: true, User: alice, Audiences: []string{"api"}}},
		"for another": {authenticationv1.TokenReviewSpec{Token: "mine", Audiences: []string{"other"}},
			authenticationv1.TokenReviewStatus{Error: "invalid bearer token"}},
		"unknown":   {authenticationv1.TokenReviewSpec{Token: "odd"}, authenticationv1.TokenReviewStatus{Error: "invalid bearer token"}},
		"error":     {authenticationv1.TokenReviewSpec{Token: "broken"}, authenticationv1.TokenReviewStatus{Error: "out of order"}},
		"anonymous": {authenticationv1.TokenReviewSpec{Token: " mine"}, authenticationv1.TokenReviewStatus{}},
		"a header of its own": {authenticationv1.TokenReviewSpec{Token: "x\r\nAuthorization: Bearer mine"},
			authenticationv1.TokenReviewStatus{Error: "invalid bearer token"}},
	} {
		// The status in the request must have no effect on the result.
		review := &authenticationv1.TokenReview{Spec: c.spec, Status: authenticationv1.TokenReviewStatus{Authenticated: true}}
		got, err := needs.answer(t.Context(), review)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(c.want, got.Status); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestAnswerWithoutAudience checks that a token is refused for the requested
// audiences if its authenticator does not support audiences.
func TestAnswerWithoutAudience(t *testing.T) {
	review := func() *authenticationv1.TokenReview {
		return &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: "any"}}
	}
	if got, err := (Needs{Authenticator: chain(), Audiences: authenticator.Audiences{"api"}}).answer(t.Context(), review()); !apierrors.IsInternalError(err) {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := (Needs{Authenticator: chain()}).answer(t.Context(), review()); err != nil || !got.Status.Authenticated {
		t.Errorf("a server without audiences: %v, %v", got, err)
	}
}

// TestAuthenticateContext checks that authenticators get the token and the
// audiences, but not the values of the caller's context, and that they are
// cancelled together with the caller.
func TestAuthenticateContext(t *testing.T) {
	ctx, cancel := context.WithCancel(genericapirequest.WithUser(authenticator.WithAudiences(t.Context(), authenticator.Audiences{"caller"}),
		&user.DefaultInfo{Name: "caller"}))
	look := authenticator.RequestFunc(func(request *http.Request) (*authenticator.Response, bool, error) {
		if u, ok := genericapirequest.UserFrom(request.Context()); ok {
			t.Errorf("the authenticator sees the user %v", u)
		}
		if audiences, ok := authenticator.AudiencesFrom(request.Context()); ok {
			t.Errorf("the authenticator sees the audiences %v", audiences)
		}
		cancel()
		<-request.Context().Done()
		return nil, false, nil
	})
	if _, ok, err := authenticate(ctx, look, "t", nil); ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
}
