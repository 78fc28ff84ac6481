package serviceaccount

import (
	"sync"

	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
)

// The counters have kube-apiserver's names. They are those of the process.
var (
	legacyTokens    = counter("legacy_tokens_total", "Requests with a service account token from a secret.")
	staleTokens     = counter("stale_tokens_total", "Requests with a bound service account token that its client should have replaced.")
	validTokens     = counter("valid_tokens_total", "Requests with a bound service account token in its time.")
	autoUses        = counter("legacy_auto_token_uses_total", "Requests with a token from a secret that the token controller made.")
	manualUses      = counter("legacy_manual_token_uses_total", "Requests with a token from a secret that somebody made.")
	invalidAutoUses = counter("invalid_legacy_auto_token_uses_total", "Refused requests with a token from a secret that was invalidated for want of use.")
)

func counter(name, help string) *metrics.Counter {
	return metrics.NewCounter(&metrics.CounterOpts{Subsystem: "serviceaccount", Name: name, Help: help, StabilityLevel: metrics.ALPHA})
}

var registerMetrics = sync.OnceFunc(func() {
	legacyregistry.MustRegister(legacyTokens, staleTokens, validTokens, autoUses, manualUses, invalidAutoUses)
})
