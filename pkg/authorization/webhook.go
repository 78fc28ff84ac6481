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

// webhookMetrics records kube-apiserver's metrics. It omits the request metrics
// that only aggregated API servers have.
type webhookMetrics struct {
	metrics.NoopRequestMetrics
	metrics.WebhookMetrics
	cel.MatcherMetrics
}

// webhook returns an authorizer that asks a remote server. Answers are cached
// and failed requests are repeated. If all attempts fail, the failure policy
// decides.
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

// lifetime returns how long an answer is cached; zero disables the cache.
func lifetime(cached bool, ttl time.Duration) time.Duration {
	if !cached {
		return 0
	}
	return ttl
}

// lazyCompiler creates the CEL environment when it is first needed: this is
// expensive, and only webhooks with match conditions need it.
type lazyCompiler func() cel.Compiler

// CompileCELExpression implements cel.Compiler.
func (c lazyCompiler) CompileCELExpression(expression cel.ExpressionAccessor) (cel.CompilationResult, error) {
	return c().CompileCELExpression(expression)
}
