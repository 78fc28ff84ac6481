package server

import (
	"sync"

	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
	_ "k8s.io/component-base/metrics/prometheus/restclient" // adds the metrics of clients

	"github.com/gatehouse-k8s/gatehouse/pkg/version"
)

// buildInfo is kube-apiserver's metric. The library's has the version that was set when the
// binary was linked.
var buildInfo = metrics.NewGaugeVec(&metrics.GaugeOpts{
	Name:           "kubernetes_build_info",
	Help:           "The version of the server: a metric with the constant value 1.",
	StabilityLevel: metrics.BETA,
}, []string{"major", "minor", "git_version", "git_commit", "git_tree_state", "build_date", "go_version", "compiler", "platform"})

// registerMetrics adds the metrics of this package to those of the process.
var registerMetrics = sync.OnceFunc(func() {
	legacyregistry.MustRegister(buildInfo)
	v := version.Binary()
	buildInfo.WithLabelValues(v.Major, v.Minor, v.GitVersion, v.GitCommit, v.GitTreeState, v.BuildDate, v.GoVersion, v.Compiler, v.Platform).Set(1)
})
