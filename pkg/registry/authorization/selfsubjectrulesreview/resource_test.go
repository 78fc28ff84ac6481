package selfsubjectrulesreview

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
)

// resolver has rules for the user alice in the namespace ns.
type resolver struct{}

func (resolver) RulesFor(_ context.Context, u user.Info, namespace string) ([]authorizer.ResourceRuleInfo, []authorizer.NonResourceRuleInfo, bool, error) {
	if u.GetName() != "alice" || namespace != "ns" {
		return nil, nil, true, errors.New("who?")
	}
	return []authorizer.ResourceRuleInfo{&authorizer.DefaultResourceRuleInfo{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"pods"},
			ResourceNames: []string{"p"}}},
		[]authorizer.NonResourceRuleInfo{&authorizer.DefaultNonResourceRuleInfo{Verbs: []string{"get"}, NonResourceURLs: []string{"/api"}}}, false, nil
}

func TestAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		namespace string
		want      authorizationv1.SubjectRulesReviewStatus
	}{
		"alice": {"ns", authorizationv1.SubjectRulesReviewStatus{
			ResourceRules: []authorizationv1.ResourceRule{{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"pods"},
				ResourceNames: []string{"p"}}},
			NonResourceRules: []authorizationv1.NonResourceRule{{Verbs: []string{"get"}, NonResourceURLs: []string{"/api"}}},
		}},
		// The lists of rules are required fields, so that they are empty lists
		// and not null.
		"error": {"other", authorizationv1.SubjectRulesReviewStatus{
			ResourceRules: []authorizationv1.ResourceRule{}, NonResourceRules: []authorizationv1.NonResourceRule{}, Incomplete: true, EvaluationError: "who?"}},
	} {
		ctx := genericapirequest.WithUser(t.Context(), &user.DefaultInfo{Name: "alice"})
		review := &authorizationv1.SelfSubjectRulesReview{ObjectMeta: metav1.ObjectMeta{Name: "dropped"},
			Spec: authorizationv1.SelfSubjectRulesReviewSpec{Namespace: c.namespace}}
		got, err := answer(ctx, resolver{}, review)
		if diff := cmp.Diff(&authorizationv1.SelfSubjectRulesReview{Status: c.want}, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
	if got, err := answer(t.Context(), resolver{}, &authorizationv1.SelfSubjectRulesReview{}); err == nil {
		t.Errorf("nobody has rules: %v", got)
	}
}
