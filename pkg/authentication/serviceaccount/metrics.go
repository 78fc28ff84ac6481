package serviceaccount

import (
	"sync"

	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
)

// The counters have kube-apiserver's names. They are those of the process.
var (
	legacyTokens    = counter("legacy_tokens_total", "Cumulative legacy service account tokens used")
	staleTokens     = counter("stale_tokens_total", "Cumulative stale projected service account tokens used")
	validTokens     = counter("valid_tokens_total", "Cumulative valid projected service account tokens used")
	autoUses        = counter("legacy_auto_token_uses_total", "Cumulative auto-generated legacy tokens used")
	manualUses      = counter("legacy_manual_token_uses_total", "Cumulative manually created legacy tokens used")
	invalidAutoUses = counter("invalid_legacy_auto_token_uses_total", "Cumulative invalid auto-generated legacy tokens used")
)

func counter(name, help string) *metrics.Counter {
	return metrics.NewCounter(&metrics.CounterOpts{Subsystem: "serviceaccount", Name: name, Help: help, StabilityLevel: metrics.ALPHA})
}

var registerMetrics = sync.OnceFunc(func() {
	legacyregistry.MustRegister(legacyTokens, staleTokens, validTokens, autoUses, manualUses, invalidAutoUses)
})
