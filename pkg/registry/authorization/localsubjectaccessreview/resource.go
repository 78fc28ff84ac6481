// Package localsubjectaccessreview defines LocalSubjectAccessReviews, which
// tell whether a user is allowed to do something in one namespace.
package localsubjectaccessreview

import (
	"context"
	"fmt"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis/authorization/validation"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/authorization/access"
)

// New defines localsubjectaccessreviews.
func New(a authorizer.Authorizer) *registry.Review[*authorizationv1.LocalSubjectAccessReview] {
	return &registry.Review[*authorizationv1.LocalSubjectAccessReview]{
		GVR:        authorizationv1.SchemeGroupVersion.WithResource("localsubjectaccessreviews"),
		Singular:   "localsubjectaccessreview",
		Namespaced: true,
		New:        func() *authorizationv1.LocalSubjectAccessReview { return &authorizationv1.LocalSubjectAccessReview{} },
		Validate:   validation.ValidateLocalSubjectAccessReview,
		Require:    requireNamespace,
		Answer: func(ctx context.Context, review *authorizationv1.LocalSubjectAccessReview) (*authorizationv1.LocalSubjectAccessReview, error) {
			spec := &review.Spec
			review.Status = access.Decide(ctx, a, access.Subject(spec), spec.ResourceAttributes, spec.NonResourceAttributes)
			return review, nil
		},
	}
}

// requireNamespace checks that the review is about the namespace of the
// request, because callers may have the permission to create reviews in that
// namespace only.
func requireNamespace(ctx context.Context, review *authorizationv1.LocalSubjectAccessReview) error {
	namespace := genericapirequest.NamespaceValue(ctx)
	if namespace == "" {
		return apierrors.NewBadRequest("namespace is required on this type")
	}
	if review.Spec.ResourceAttributes.Namespace != namespace {
		return apierrors.NewBadRequest(fmt.Sprintf("spec.resourceAttributes.namespace must match namespace: %v", namespace))
	}
	return nil
}
