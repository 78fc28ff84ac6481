package options

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	corev1 "k8s.io/api/core/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"

	"github.com/gatehouse-k8s/gatehouse/pkg/allocation"
)

// Values of --endpoint-reconciler-type: how the addresses of the API servers
// are maintained in the endpoints of the kubernetes service.
const (
	ReconcileByLease = "lease"
	ReconcileByCount = "master-count"
	ReconcileNothing = "none"
)

// defaultServiceRange is kube-apiserver's.
const defaultServiceRange = "10.0.0.0/24"

// ServiceOptions contains the flags for the addresses and ports of services,
// and for the kubernetes service, which represents the API servers.
type ServiceOptions struct {
	// ClusterIPRange is one CIDR, or two CIDRs of different IP families,
	// separated by a comma. The family of the first one is preferred.
	ClusterIPRange string
	// NodePorts is the range of node ports.
	NodePorts utilnet.PortRange
	// EndpointReconciler is lease, master-count or none.
	EndpointReconciler string
	// KubernetesNodePort, if not 0, is the node port of the kubernetes service,
	// which then has the type NodePort.
	KubernetesNodePort int
}

func newServiceOptions() *ServiceOptions {
	return &ServiceOptions{NodePorts: utilnet.PortRange{Base: 30000, Size: 2768}, EndpointReconciler: ReconcileByLease}
}

// AddFlags adds kube-apiserver's flags.
func (o *ServiceOptions) AddFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.ClusterIPRange, "service-cluster-ip-range", o.ClusterIPRange, ""+
		"CIDR from which services get their cluster IPs, or two CIDRs of different IP families, separated by a comma. It must not overlap with the "+
		"networks of nodes and pods. More ranges can be added as ServiceCIDR objects. The default is "+defaultServiceRange+".")
	fs.Var(&o.NodePorts, "service-node-port-range", ""+
		"Range of ports, both ends included, from which services get node ports. The nodes must not use it for anything else.")
	fs.StringVar(&o.EndpointReconciler, "endpoint-reconciler-type", o.EndpointReconciler, ""+
		"How the endpoints of the kubernetes service follow the API servers: lease, master-count (deprecated) or none.")
	fs.IntVar(&o.KubernetesNodePort, "kubernetes-service-node-port", o.KubernetesNodePort, ""+
		"Node port of the kubernetes service. If it is 0, the service has the type ClusterIP.")
}

func (o *ServiceOptions) complete() {
	if o.ClusterIPRange == "" {
		o.ClusterIPRange = defaultServiceRange
	}
}

// Ranges returns the CIDRs of ClusterIPRange. The options must be completed and
// valid.
func (o *ServiceOptions) Ranges() (ranges []netip.Prefix) {
	for _, cidr := range strings.Split(o.ClusterIPRange, ",") {
		if prefix, err := netip.ParsePrefix(strings.TrimSpace(cidr)); err == nil {
			ranges = append(ranges, prefix.Masked())
		}
	}
	return ranges
}

// Families returns the IP families of the ranges.
func (o *ServiceOptions) Families() (families []corev1.IPFamily) {
	for _, prefix := range o.Ranges() {
		families = append(families, allocation.FamilyOf(prefix.Addr()))
	}
	return families
}

// KubernetesIP returns the cluster IP of the kubernetes service: the first
// address of the first range.
func (o *ServiceOptions) KubernetesIP() netip.Addr {
	if ranges := o.Ranges(); len(ranges) > 0 {
		return ranges[0].Addr().Next()
	}
	return netip.Addr{}
}

// Validate returns an error for each invalid flag.
func (o *ServiceOptions) Validate() []error {
	errs := o.validateRanges()
	if o.NodePorts.Size == 0 {
		errs = append(errs, fmt.Errorf("--service-node-port-range must not be empty"))
	}
	if reconcilers := []string{ReconcileByLease, ReconcileByCount, ReconcileNothing}; !slices.Contains(reconcilers, o.EndpointReconciler) {
		errs = append(errs, fmt.Errorf("--endpoint-reconciler-type must be one of %s, not %q", strings.Join(reconcilers, ", "), o.EndpointReconciler))
	}
	port := o.KubernetesNodePort
	if port < 0 || port > 65535 {
		errs = append(errs,
			fmt.Errorf("--kubernetes-service-node-port %v must be between 0 and 65535, inclusive. If 0, the Kubernetes master service will be of type ClusterIP", port))
	}
	if port > 0 && !o.NodePorts.Contains(port) {
		errs = append(errs,
			fmt.Errorf("kubernetes service node port range %v doesn't contain %v (--kubernetes-service-node-port, --service-node-port-range)", o.NodePorts, port))
	}
	return errs
}

const (
	// minAddresses is the size of the smallest allowed range.
	minAddresses = 8
	// shortestPrefix6 is the prefix length of the largest allowed IPv6 range.
	shortestPrefix6 = 64
)

func (o *ServiceOptions) validateRanges() (errs []error) {
	cidrs := strings.Split(o.ClusterIPRange, ",")
	for i, cidr := range cidrs {
		prefix, err := netip.ParsePrefix(strings.TrimSpace(cidr))
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("service-cluster-ip-range[%d] is not a valid cidr: %q", i, cidr))
		case prefix.Addr().Is6() && prefix.Bits() < shortestPrefix6:
			errs = append(errs, fmt.Errorf("specified --service-cluster-ip-range is too large; for 128-bit addresses, the mask must be >= %d", shortestPrefix6))
		case prefix.Addr().BitLen()-prefix.Bits() < 3:
			errs = append(errs, fmt.Errorf("--service-cluster-ip-range: the service cluster IP range must be at least %d IP addresses", minAddresses))
		}
	}
	if len(cidrs) > 2 {
		errs = append(errs, fmt.Errorf("--service-cluster-ip-range must not contain more than two entries"))
	}
	if families := o.Families(); len(families) == 2 && families[0] == families[1] {
		errs = append(errs, fmt.Errorf("--service-cluster-ip-range[0] and --service-cluster-ip-range[1] must be of different IP family"))
	}
	return errs
}
