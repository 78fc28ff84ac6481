package allocation

import (
	"sync"

	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
)

// Values of the label "scope": whether the request names the address or the port.
const (
	static  = "static"
	dynamic = "dynamic"
)

// The metrics have kube-apiserver's names. All servers in the process share them.
var (
	allocatedIPs    = gauge("clusterip", "allocated_ips", "Gauge measuring the number of allocated IPs for Services", "cidr")
	availableIPs    = gauge("clusterip", "available_ips", "Gauge measuring the number of available IPs for Services", "cidr")
	ipAllocations   = counter("clusterip", "allocation_total", "Number of Cluster IPs allocations", "cidr", "scope")
	ipErrors        = counter("clusterip", "allocation_errors_total", "Number of errors trying to allocate Cluster IPs", "cidr", "scope")
	ipDuration      = histogram("clusterip", "allocation_duration_seconds", "Duration in seconds to allocate a Cluster IP by ServiceCIDR", "cidr")
	allocatedPorts  = gauge("nodeport", "allocated_ports", "Gauge measuring the number of allocated NodePorts for Services")
	availablePorts  = gauge("nodeport", "available_ports", "Gauge measuring the number of available NodePorts for Services")
	portAllocations = counter("nodeport", "allocation_total", "Number of NodePort allocations", "scope")
	portErrors      = counter("nodeport", "allocation_errors_total", "Number of errors trying to allocate NodePort", "scope")

	portRepairErrors = metrics.NewCounter(&metrics.CounterOpts{Namespace: "apiserver", Subsystem: "nodeport_repair", Name: "reconcile_errors_total",
		Help: "Number of reconciliation failures on the nodeport repair reconcile loop", StabilityLevel: metrics.ALPHA})
)

const metricsNamespace = "kube_apiserver"

func gauge(of, name, help string, labels ...string) *metrics.GaugeVec {
	return metrics.NewGaugeVec(&metrics.GaugeOpts{
		Namespace: metricsNamespace, Subsystem: of + "_allocator", Name: name, Help: help, StabilityLevel: metrics.ALPHA}, labels)
}

func counter(of, name, help string, labels ...string) *metrics.CounterVec {
	return metrics.NewCounterVec(&metrics.CounterOpts{
		Namespace: metricsNamespace, Subsystem: of + "_allocator", Name: name, Help: help, StabilityLevel: metrics.ALPHA}, labels)
}

func histogram(of, name, help string, labels ...string) *metrics.HistogramVec {
	return metrics.NewHistogramVec(&metrics.HistogramOpts{
		Namespace: metricsNamespace, Subsystem: of + "_allocator", Name: name, Help: help, StabilityLevel: metrics.ALPHA,
		Buckets: metrics.DefBuckets}, labels)
}

// registerMetrics adds the metrics to those that the process serves.
var registerMetrics = sync.OnceFunc(func() {
	legacyregistry.MustRegister(allocatedIPs, availableIPs, ipAllocations, ipErrors, ipDuration,
		allocatedPorts, availablePorts, portAllocations, portErrors, portRepairErrors)
})

// tally counts what was allocated and refused, by scope.
type tally map[string]*struct{ allocated, refused int }

func newTally() tally {
	return tally{static: {}, dynamic: {}}
}

// add counts one attempt.
func (t tally) add(scope string, err error) {
	switch counted := t[scope]; {
	case counted == nil:
	case err != nil:
		counted.refused++
	default:
		counted.allocated++
	}
}

// publish adds the numbers to the metrics of node ports.
func (t tally) publish() {
	for scope, counted := range t {
		if counted.allocated > 0 {
			portAllocations.WithLabelValues(scope).Add(float64(counted.allocated))
		}
		if counted.refused > 0 {
			portErrors.WithLabelValues(scope).Add(float64(counted.refused))
		}
	}
}
