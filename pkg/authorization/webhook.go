package authorization

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/apis/apiserver"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/authorization/cel"
	webhookutil "k8s.io/apiserver/pkg/util/webhook"
	"k8s.io/apiserver/plugin/pkg/authorizer/webhook"
	"k8s.io/apiserver/plugin/pkg/authorizer/webhook/metrics"
)

// webhookMetrics are kube-apiserver's: those of the requests of an aggregated
// server are not among them.
type webhookMetrics struct {
	metrics.NoopRequestMetrics
	metrics.WebhookMetrics
	cel.MatcherMetrics
}

// webhook returns an authorizer that asks a remote server. An answer is kept
// for a while; a failed request is tried again, and in the end the policy for
// failures decides.
func (b *builder) webhook(name string, config *apiserver.WebhookConfiguration) (*webhook.WebhookAuthorizer, error) {
	if config == nil || config.ConnectionInfo.Type != apiserver.AuthorizationWebhookConnectionInfoTypeKubeConfigFile ||
		config.ConnectionInfo.KubeConfigFile == nil {
		return nil, fmt.Errorf("a webhook needs connectionInfo of type %s", apiserver.AuthorizationWebhookConnectionInfoTypeKubeConfigFile)
	}
	client, err := webhookutil.LoadKubeconfig(*config.ConnectionInfo.KubeConfigFile, b.Dial)
	if err != nil {
		return nil, err
	}
	client.Timeout = config.Timeout.Duration
	onError := authorizer.DecisionDeny
	if config.FailurePolicy == apiserver.FailurePolicyNoOpinion {
		onError = authorizer.DecisionNoOpinion
	}
	backoff := b.Backoff
	if backoff == (wait.Backoff{}) {
		backoff = *webhook.DefaultRetryBackoff()
	}
	return webhook.New(client, config.SubjectAccessReviewVersion,
		lifetime(config.CacheAuthorizedRequests, config.AuthorizedTTL.Duration), lifetime(config.CacheUnauthorizedRequests, config.UnauthorizedTTL.Duration),
		backoff, onError, config.MatchConditions, name,
		webhookMetrics{WebhookMetrics: metrics.NewWebhookMetrics(), MatcherMetrics: cel.NewMatcherMetrics()}, b.compiler)
}

// lifetime is how long an answer is kept: zero for not at all.
func lifetime(cached bool, ttl time.Duration) time.Duration {
	if !cached {
		return 0
	}
	return ttl
}

// lazyCompiler makes a CEL environment, which takes a while, for those who have
// match conditions.
type lazyCompiler func() cel.Compiler

// CompileCELExpression implements cel.Compiler.
func (c lazyCompiler) CompileCELExpression(expression cel.ExpressionAccessor) (cel.CompilationResult, error) {
	return c().CompileCELExpression(expression)
}
