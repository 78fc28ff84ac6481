package serviceaccount

import (
	"sync"

	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
)

// These counters have kube-apiserver's names. All servers in the process share
// them.
var (
	legacyTokens    = counter("legacy_tokens_total", "Requests with a service account token from a secret.")
	staleTokens     = counter("stale_tokens_total", "Requests with a bound service account token that its client should have replaced.")
	validTokens     = counter("valid_tokens_total", "Requests with a bound service account token that its client need not replace yet.")
	autoUses        = counter("legacy_auto_token_uses_total", "Requests with a token from a secret that was created by the token controller.")
	manualUses      = counter("legacy_manual_token_uses_total", "Requests with a token from a secret that was created manually.")
	invalidAutoUses = counter("invalid_legacy_auto_token_uses_total",
		"Refused requests with a token from a secret that was marked as invalid because it had not been used for a long time.")
)

func counter(name, help string) *metrics.Counter {
	return metrics.NewCounter(&metrics.CounterOpts{Subsystem: "serviceaccount", Name: name, Help: help, StabilityLevel: metrics.ALPHA})
}

var registerMetrics = sync.OnceFunc(func() {
	legacyregistry.MustRegister(legacyTokens, staleTokens, validTokens, autoUses, manualUses, invalidAutoUses)
})
