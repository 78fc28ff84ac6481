package localsubjectaccessreview

import (
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
)

// TestRequireNamespace checks that a review in one namespace does not tell
// anything about another namespace.
func TestRequireNamespace(t *testing.T) {
	review := &authorizationv1.LocalSubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{Namespace: "here"}}}
	for namespace, want := range map[string]bool{"here": true, "there": false, "": false} {
		err := requireNamespace(genericapirequest.WithNamespace(t.Context(), namespace), review)
		if (err == nil) != want || err != nil && !apierrors.IsBadRequest(err) {
			t.Errorf("in %q: %v", namespace, err)
		}
	}
}
