package allocation

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/klog/v2"
)

const (
	// leakAge is the minimum age of an address without a service before it is
	// deleted. The service of a younger one may not be stored yet.
	leakAge = time.Minute
	// leakRounds is the number of runs after which a port without a service is
	// freed.
	leakRounds = 3
)

// Repair makes the allocations agree with the services: it allocates what
// services use, and frees what no service has used for some time.
type Repair struct {
	*Services
	client kubernetes.Interface
	stored Stored
	now    func() time.Time
	// leaked contains the ports without a service, with the number of runs
	// after which they are freed.
	leaked map[int]int
}

// Stored lists what a Repair compares. Nobody may change it.
type Stored interface {
	IPAddresses(ctx context.Context) (*networkingv1.IPAddressList, error)
	Services(ctx context.Context) (*corev1.ServiceList, error)
}

// NewRepair returns a Repair of what is stored. It looks with the client whether a service still
// exists.
func NewRepair(services *Services, client kubernetes.Interface, stored Stored) *Repair {
	return &Repair{Services: services, client: client, stored: stored, now: time.Now, leaked: map[int]int{}}
}

// Run compares and repairs the allocations once. It must not be called
// concurrently.
func (r *Repair) Run(ctx context.Context) error {
	// List the addresses before the services. Then an address that is allocated
	// in between does not count as unused, and one that is released in between
	// is not allocated again.
	addresses, err := r.stored.IPAddresses(ctx)
	if err != nil {
		return err
	}
	services, err := r.stored.Services(ctx)
	if err != nil {
		return err
	}
	return errors.Join(r.addresses(ctx, addresses.Items, services.Items), r.ports(ctx, services.Items))
}

func (r *Repair) addresses(ctx context.Context, addresses []networkingv1.IPAddress, services []corev1.Service) error {
	byName := map[string]*networkingv1.IPAddress{}
	used := map[netip.Addr]struct{}{}
	for i := range addresses {
		byName[addresses[i].Name] = &addresses[i]
		withAddress(&addresses[i], func(ip netip.Addr) { used[ip] = struct{}{} })
	}
	owners := map[string]*corev1.Service{}
	var errs []error
	for i := range services {
		for _, address := range clusterIPs(&services[i]) {
			if other := owners[address]; other != nil {
				klog.Warningf("The cluster IP %s of service %s/%s is also used by service %s/%s: delete one of them and create it again", address,
					services[i].Namespace, services[i].Name, other.Namespace, other.Name)
				continue
			}
			owners[address] = &services[i]
			errs = append(errs, r.restore(ctx, address, byName[address], &services[i]))
		}
	}
	for name, ip := range byName {
		if ip.Labels[networkingv1.LabelManagedBy] == manager && owners[name] == nil && r.now().Sub(ip.CreationTimestamp.Time) > leakAge {
			klog.Infof("The IPAddress %s has no service and will be deleted", name)
			errs = append(errs, r.delete(ctx, ip))
		}
	}
	r.Addresses.reset(used)
	return errors.Join(errs...)
}

// clusterIPs returns the cluster IPs of a service that are allocated.
func clusterIPs(s *corev1.Service) (ips []string) {
	if s.Spec.Type == corev1.ServiceTypeExternalName {
		return nil
	}
	for _, ip := range s.Spec.ClusterIPs {
		if _, err := netip.ParseAddr(ip); err == nil {
			ips = append(ips, ip)
		}
	}
	return ips
}

// restore creates or corrects the IPAddress object for the address of a
// service.
func (r *Repair) restore(ctx context.Context, address string, have *networkingv1.IPAddress, s *corev1.Service) error {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return err
	}
	if have != nil {
		if belongsTo(have, s) {
			return nil
		}
		if err := r.delete(ctx, have); err != nil {
			return err
		}
	}
	// The lists may be out of date: check that the service still exists.
	if _, err := r.client.CoreV1().Services(s.Namespace).Get(ctx, s.Name, metav1.GetOptions{}); err != nil {
		if apierrors.IsNotFound(err) {
			return nil
		}
		return err
	}
	klog.Infof("The cluster IP %s of service %s/%s has no IPAddress, which will be created", address, s.Namespace, s.Name)
	if err := r.Addresses.objects.Create(ctx, ObjectFor(ip, s)); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("IPAddress %s: %w", address, err)
	}
	return nil
}

// delete deletes the object only if it is still the one that was listed.
func (r *Repair) delete(ctx context.Context, ip *networkingv1.IPAddress) error {
	err := r.client.NetworkingV1().IPAddresses().Delete(ctx, ip.Name, metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(ip.UID))})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return err
}

// ports allocates the ports that services use, and frees those that no service
// has used for some runs.
func (r *Repair) ports(ctx context.Context, services []corev1.Service) error {
	inUse := map[int]bool{}
	for i := range services {
		spec := &services[i].Spec
		for _, port := range spec.Ports {
			inUse[int(port.NodePort)] = true
		}
		inUse[int(spec.HealthCheckNodePort)] = true
	}
	var leaked map[int]int
	err := r.NodePorts.repair(ctx, func(ports *Ports) error {
		leaked = map[int]int{}
		for port := ports.Base; port < ports.Base+ports.Size; port++ {
			switch {
			case inUse[port] && !ports.Taken(port):
				if err := ports.Take(port); err != nil {
					return err
				}
			case !inUse[port] && ports.Taken(port):
				left, known := r.leaked[port]
				if !known {
					left = leakRounds
				}
				if left == 0 {
					ports.Free(port)
				} else {
					leaked[port] = left - 1
				}
			}
		}
		return nil
	})
	if err != nil {
		portRepairErrors.Inc()
		return fmt.Errorf("node ports: %w", err)
	}
	r.leaked = leaked
	return nil
}
