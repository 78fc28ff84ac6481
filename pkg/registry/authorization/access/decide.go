package access

import (
	"context"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
)

// Decide returns the decision of the authorizer on a request of the user.
// Exactly one of resource and nonResource must be set.
func Decide(ctx context.Context, a authorizer.UnconditionalAuthorizer, u user.Info, resource *authorizationv1.ResourceAttributes,
	nonResource *authorizationv1.NonResourceAttributes) authorizationv1.SubjectAccessReviewStatus {
	request := attributes(u, resource, nonResource)
	decision, reason, err := a.Authorize(ctx, request)
	return authorizationv1.SubjectAccessReviewStatus{
		Allowed:         decision == authorizer.DecisionAllow,
		Denied:          decision == authorizer.DecisionDeny,
		Reason:          reason,
		EvaluationError: evaluationError(err, &request),
	}
}

// evaluationError returns the error of the authorizer together with the errors
// about selector requirements that were ignored.
func evaluationError(err error, request *authorizer.AttributesRecord) string {
	var texts []string
	if err != nil {
		texts = append(texts, err.Error())
	}
	ignored := func(selector string, err error, understood int) {
		switch {
		case err == nil:
		case understood > 0:
			texts = append(texts, "spec.resourceAttributes."+selector+" partially ignored due to parse error")
		default:
			texts = append(texts, "spec.resourceAttributes."+selector+" ignored due to parse error")
		}
	}
	ignored("fieldSelector", request.FieldSelectorParsingErr, len(request.FieldSelectorRequirements))
	ignored("labelSelector", request.LabelSelectorParsingErr, len(request.LabelSelectorRequirements))
	return strings.Join(texts, "; ")
}
