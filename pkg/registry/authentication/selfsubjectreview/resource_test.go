package selfsubjectreview

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	authenticationv1 "k8s.io/api/authentication/v1"
	"k8s.io/apiserver/pkg/authentication/user"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
)

func TestAnswer(t *testing.T) {
	claim := &authenticationv1.SelfSubjectReview{Status: authenticationv1.SelfSubjectReviewStatus{UserInfo: authenticationv1.UserInfo{Username: "root"}}}
	if got, err := Resource.Answer(t.Context(), claim); err == nil {
		t.Errorf("nobody is %v", got)
	}
	ctx := genericapirequest.WithUser(t.Context(), &user.DefaultInfo{Name: "alice", UID: "1", Groups: []string{"g"}, Extra: map[string][]string{"k": {"v"}}})
	got, err := Resource.Answer(ctx, claim)
	if err != nil {
		t.Fatal(err)
	}
	want := authenticationv1.UserInfo{Username: "alice", UID: "1", Groups: []string{"g"}, Extra: map[string]authenticationv1.ExtraValue{"k": {"v"}}}
	if diff := cmp.Diff(want, got.Status.UserInfo); diff != "" {
		t.Error(diff)
	}
	if got.CreationTimestamp.IsZero() {
		t.Error("no creation timestamp")
	}
}
