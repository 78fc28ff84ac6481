package access

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
)

var alice = &user.DefaultInfo{Name: "alice"}

// TestAttributes checks that the authorizer gets exactly the attributes that
// the review contains.
func TestAttributes(t *testing.T) {
	resource := &authorizationv1.ResourceAttributes{Namespace: "ns", Verb: "get", Group: "g", Version: "v", Resource: "r", Subresource: "s", Name: "n"}
	want := authorizer.AttributesRecord{User: alice, Verb: "get", Namespace: "ns", APIGroup: "g", APIVersion: "v", Resource: "r", Subresource: "s", Name: "n",
		ResourceRequest: true}
	if diff := cmp.Diff(want, attributes(alice, resource, nil)); diff != "" {
		t.Error(diff)
	}
	want = authorizer.AttributesRecord{User: alice, Verb: "post", Path: "/p"}
	if diff := cmp.Diff(want, attributes(alice, nil, &authorizationv1.NonResourceAttributes{Path: "/p", Verb: "post"})); diff != "" {
		t.Error(diff)
	}
	u := &user.DefaultInfo{Name: "u", UID: "1", Groups: []string{"g"}, Extra: map[string][]string{"Key": {"v"}}}
	spec := &authorizationv1.SubjectAccessReviewSpec{User: "u", UID: "1", Groups: []string{"g"}, Extra: map[string]authorizationv1.ExtraValue{"Key": {"v"}}}
	if diff := cmp.Diff(u, Subject(spec)); diff != "" {
		t.Error(diff)
	}
}

func TestSelectors(t *testing.T) {
	type fieldBy = metav1.FieldSelectorRequirement
	type labelBy = metav1.LabelSelectorRequirement
	for name, c := range map[string]struct {
		fields *authorizationv1.FieldSelectorAttributes
		labels *authorizationv1.LabelSelectorAttributes
		// want contains the selector requirements that the authorizer gets, and
		// complaint the evaluation error.
		want      []string
		complaint string
	}{
		"none":       {},
		"raw fields": {fields: &authorizationv1.FieldSelectorAttributes{RawSelector: "spec.nodeName=x,a!=b"}, want: []string{"a!=b", "spec.nodeName=x"}},
		"raw labels": {labels: &authorizationv1.LabelSelectorAttributes{RawSelector: "a in (b,c),!d"}, want: []string{"a in (b,c)", "!d"}},
		"bad fields": {fields: &authorizationv1.FieldSelectorAttributes{RawSelector: "a"},
			complaint: "spec.resourceAttributes.fieldSelector ignored due to parse error"},
		"bad both": {fields: &authorizationv1.FieldSelectorAttributes{RawSelector: "a"}, labels: &authorizationv1.LabelSelectorAttributes{RawSelector: "b=("},
			complaint: "spec.resourceAttributes.fieldSelector ignored due to parse error; spec.resourceAttributes.labelSelector ignored due to parse error"},
		"fields": {
			fields: &authorizationv1.FieldSelectorAttributes{Requirements: []fieldBy{{Key: "a", Operator: "In", Values: []string{"b"}},
				{Key: "c", Operator: "NotIn", Values: []string{"d"}}}},
			want: []string{"a=b", "c!=d"},
		},
		"some fields": {
			fields: &authorizationv1.FieldSelectorAttributes{Requirements: []fieldBy{{Key: "a", Operator: "In", Values: []string{"b"}},
				{Key: "c", Operator: "In", Values: []string{"d", "e"}}, {Key: "f", Operator: "Exists"}}},
			want: []string{"a=b"}, complaint: "spec.resourceAttributes.fieldSelector partially ignored due to parse error",
		},
		"some labels": {labels: &authorizationv1.LabelSelectorAttributes{Requirements: []labelBy{{Key: "a", Operator: "Exists"}, {Key: "b", Operator: "Near"}}},
			want: []string{"a"}, complaint: "spec.resourceAttributes.labelSelector partially ignored due to parse error"},
		"no labels": {labels: &authorizationv1.LabelSelectorAttributes{Requirements: []labelBy{{Key: "b", Operator: "Near"}}},
			complaint: "spec.resourceAttributes.labelSelector ignored due to parse error"},
	} {
		var got []string
		see := authorizer.AuthorizerFunc(func(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
			byField, _ := a.GetFieldSelector()
			for _, r := range byField {
				got = append(got, r.Field+string(r.Operator)+r.Value)
			}
			byLabel, _ := a.GetLabelSelector()
			for _, r := range byLabel {
				got = append(got, r.String())
			}
			return authorizer.DecisionNoOpinion, "", nil
		})
		status := Decide(t.Context(), see, alice, &authorizationv1.ResourceAttributes{FieldSelector: c.fields, LabelSelector: c.labels}, nil)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if status.EvaluationError != c.complaint {
			t.Errorf("%s: %q, want %q", name, status.EvaluationError, c.complaint)
		}
	}
}

func TestDecide(t *testing.T) {
	for decision, want := range map[authorizer.Decision]authorizationv1.SubjectAccessReviewStatus{
		authorizer.DecisionAllow:     {Allowed: true, Reason: "why", EvaluationError: "broken"},
		authorizer.DecisionDeny:      {Denied: true, Reason: "why", EvaluationError: "broken"},
		authorizer.DecisionNoOpinion: {Reason: "why", EvaluationError: "broken"},
	} {
		says := authorizer.AuthorizerFunc(func(context.Context, authorizer.Attributes) (authorizer.Decision, string, error) {
			return decision, "why", errors.New("broken")
		})
		if got := Decide(t.Context(), says, alice, nil, &authorizationv1.NonResourceAttributes{}); got != want {
			t.Errorf("%v: %+v", decision, got)
		}
	}
}
