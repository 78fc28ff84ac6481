package connect

import (
	"sync"

	proxymetrics "k8s.io/apiserver/pkg/util/proxy/metrics"
	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
)

// logMetrics are kube-apiserver's metrics of pods/log.
type logMetrics struct {
	usage       *metrics.CounterVec
	tlsFailures *metrics.Counter
}

// registered registers the metrics of streams and logs, once in a process.
var registered = sync.OnceValue(func() logMetrics {
	proxymetrics.Register()
	m := logMetrics{
		usage: metrics.NewCounterVec(&metrics.CounterOpts{
			Namespace: "kube_apiserver", Subsystem: "pod_logs", Name: "insecure_backend_total", StabilityLevel: metrics.ALPHA,
			Help: "Total number of requests for pods/logs sliced by usage type: enforce_tls, skip_tls_allowed, skip_tls_denied",
		}, []string{"usage"}),
		tlsFailures: metrics.NewCounter(&metrics.CounterOpts{
			Namespace: "kube_apiserver", Subsystem: "pod_logs", Name: "backend_tls_failure_total", StabilityLevel: metrics.ALPHA,
			Help: "Total number of requests for pods/logs that failed due to kubelet server TLS verification",
		}),
	}
	legacyregistry.MustRegister(m.usage, m.tlsFailures)
	return m
})

// RegisterMetrics registers the metrics of streams and logs.
func RegisterMetrics() { registered() }

// CountLogs counts a request for logs by whether the certificate of the kubelet
// has to be valid.
func CountLogs(insecure bool) {
	usage := "enforce_tls"
	if insecure {
		usage = "skip_tls_allowed"
	}
	registered().usage.WithLabelValues(usage).Inc()
}

// LogsTLSFailures counts requests for logs that failed because of the kubelet's
// certificate.
func LogsTLSFailures() *metrics.Counter { return registered().tlsFailures }
