package noderestriction

import (
	"context"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apiserver/pkg/authorization/authorizer"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

// audienceVerb allows to request tokens for an audience, which is the resource, of
// a service account.
const audienceVerb = "request-serviceaccounts-token-audience"

// createToken allows tokens that end with a pod of the node.
func (p *plugin) createToken(ctx context.Context, r request, t *authenticationv1.TokenRequest) error {
	ref := t.Spec.BoundObjectRef
	if ref == nil || ref.APIVersion != "v1" || ref.Kind != "Pod" || ref.Name == "" {
		return r.refuse("node requested token not bound to a pod")
	}
	if ref.UID == "" {
		return r.refuse("node requested token with a pod binding without a uid")
	}
	pod, err := p.cluster.pod(ctx, r.GetNamespace(), ref.Name)
	if err != nil {
		return err
	}
	if ref.UID != pod.UID {
		return r.refuse("the UID in the bound object reference (%s) does not match the UID in record. "+
			"The object might have been deleted and then recreated", ref.UID)
	}
	if pod.Spec.NodeName != r.node {
		return r.refuse("node requested token bound to a pod scheduled on a different node")
	}
	if features.Enabled(features.ServiceAccountNodeAudienceRestriction) {
		return p.checkAudience(ctx, r, t.Spec.Audiences, pod)
	}
	return nil
}

// checkAudience allows the audiences that a volume of the pod needs, and others if
// the kubelet has the right to request them (KEP-4412). The empty audience is that
// of the API server.
func (p *plugin) checkAudience(ctx context.Context, r request, audiences []string, pod *corev1.Pod) error {
	if len(audiences) > 1 {
		return r.refuse("node may only request 0 or 1 audiences")
	}
	audience := ""
	if len(audiences) == 1 {
		audience = audiences[0]
	}
	needed, err := p.cluster.needs(ctx, pod, audience)
	if err != nil {
		return r.refuse("error validating audience %q: %w", audience, err)
	}
	if needed || p.mayRequest(ctx, r, audience) {
		return nil
	}
	return r.refuse("audience %q not found in pod spec volume, %s is not authorized to request tokens for this audience", audience, r.GetUserInfo().GetName())
}

func (p *plugin) mayRequest(ctx context.Context, r request, audience string) bool {
	decision, _, err := p.authorizer.Authorize(ctx, authorizer.AttributesRecord{
		User: r.GetUserInfo(), Verb: audienceVerb, Namespace: r.GetNamespace(), Resource: audience, Name: r.GetName(), ResourceRequest: true,
	})
	return err == nil && decision == authorizer.DecisionAllow
}
