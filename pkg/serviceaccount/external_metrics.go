package serviceaccount

import (
	"context"
	"errors"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
)

// The metrics of external signers have kube-apiserver's names. All servers in the process
// share them.
const (
	metricsNamespace = "apiserver"
	metricsSubsystem = "externaljwt"
)

var (
	callDuration = metrics.NewHistogramVec(&metrics.HistogramOpts{
		Namespace: metricsNamespace, Subsystem: metricsSubsystem, Name: "request_duration_seconds", StabilityLevel: metrics.ALPHA,
		Help:    "Request duration and time for calls to external-jwt-signer",
		Buckets: []float64{0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60},
	}, []string{"method", "code"})
	signRequests  = externalCounter("sign_request_total", "Total attempts at signing JWT")
	fetchRequests = externalCounter("fetch_keys_request_total", "Total attempts at syncing supported JWKs")
	fetchedAt     = externalGauge("fetch_keys_success_timestamp", "Unix Timestamp in seconds of the last successful FetchKeys request")
	fetchedData   = externalGauge("fetch_keys_data_timestamp",
		"Unix Timestamp in seconds of the last successful FetchKeys data_timestamp value returned by the external signer")
)

func externalCounter(name, help string) *metrics.CounterVec {
	return metrics.NewCounterVec(&metrics.CounterOpts{
		Namespace: metricsNamespace, Subsystem: metricsSubsystem, Name: name, Help: help, StabilityLevel: metrics.ALPHA}, []string{"code"})
}

func externalGauge(name, help string) *metrics.Gauge {
	return metrics.NewGauge(&metrics.GaugeOpts{
		Namespace: metricsNamespace, Subsystem: metricsSubsystem, Name: name, Help: help, StabilityLevel: metrics.ALPHA})
}

var registerExternalMetrics = sync.OnceFunc(func() {
	legacyregistry.MustRegister(callDuration, signRequests, fetchRequests, fetchedAt, fetchedData)
})

// measureCalls is an interceptor of the calls to a signer.
func measureCalls(ctx context.Context, method string, req, reply any, connection *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
	began := time.Now()
	err := invoke(ctx, method, req, reply, connection, options...)
	callDuration.WithLabelValues(method, codeOf(err)).Observe(time.Since(began).Seconds())
	return err
}

func countSign(err error)  { signRequests.WithLabelValues(codeOf(err)).Inc() }
func countFetch(err error) { fetchRequests.WithLabelValues(codeOf(err)).Inc() }

func setFetched(data, now time.Time) {
	fetchedData.Set(float64(data.UnixNano()) / float64(time.Second))
	fetchedAt.Set(float64(now.UnixNano()) / float64(time.Second))
}

// codeOf returns the gRPC code of an error, as a label of metrics.
func codeOf(err error) string {
	var answered interface{ GRPCStatus() *status.Status }
	if err != nil && !errors.As(err, &answered) {
		return "unknown-non-grpc"
	}
	return status.Code(err).String()
}
