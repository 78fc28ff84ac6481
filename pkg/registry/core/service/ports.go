package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/gatehouse-k8s/gatehouse/pkg/allocation"
)

// allPortsOf returns all ports of nodes that the service occupies: its node
// ports and its health check node port.
func allPortsOf(s *corev1.Service) map[int32]bool {
	ports := map[int32]bool{}
	if hasNodePorts(s) {
		ports = nodePortsOf(s)
	}
	if hasHealthCheck(s) && s.Spec.HealthCheckNodePort != 0 {
		ports[s.Spec.HealthCheckNodePort] = true
	}
	return ports
}

// allocatePorts allocates the node ports and the health check node port of a
// service in a single write, and releases those that the service no longer
// uses.
func (a *allocator) allocatePorts(ctx context.Context, t *transaction, s, old *corev1.Service, dryRun bool) error {
	before := map[int32]bool{}
	if old != nil {
		before = allPortsOf(old)
		if hasHealthCheck(old) && hasHealthCheck(s) && s.Spec.HealthCheckNodePort != old.Spec.HealthCheckNodePort {
			return invalid(s, field.Forbidden(healthPath, "field is immutable"))
		}
		if hasNodePorts(s) {
			if err := duplicateNodePort(s); err != nil {
				return err
			}
		}
	}
	taken := map[int32]bool{}
	if needsPorts(s, before) {
		asked := s.DeepCopy()
		err := a.NodePorts.Change(ctx, dryRun, func(ports *allocation.Ports) error {
			asked.Spec.DeepCopyInto(&s.Spec) // After a conflict, the function is called again and must start from the request.
			clear(taken)
			return (&portPlan{ports: ports, before: before, taken: taken, share: old == nil, dryRun: dryRun}).apply(s)
		})
		if err != nil {
			return portError(err)
		}
	}
	if dryRun {
		return nil
	}
	if len(taken) > 0 {
		t.rollback = append(t.rollback, a.free(taken))
	}
	after := allPortsOf(s)
	for port := range before {
		if after[port] {
			delete(before, port)
		}
	}
	if len(before) > 0 {
		t.commit = append(t.commit, a.free(before))
	}
	return nil
}

// duplicateNodePort returns the error for an update with the same node port twice. The validation
// would refuse it with 422, but comes later: the answer is 500, as that of kube-apiserver.
func duplicateNodePort(s *corev1.Service) error {
	onNodes := sets.Set[protocolPort]{}
	for i := range s.Spec.Ports {
		k := protocolPort{s.Spec.Ports[i].Protocol, s.Spec.Ports[i].NodePort}
		if k.number != 0 && onNodes.Has(k) {
			return fmt.Errorf("duplicate nodePort: %v", k)
		}
		onNodes.Insert(k)
	}
	return nil
}

// portError returns API errors of the plan unchanged, and turns other errors
// into internal errors.
func portError(err error) error {
	if status := apierrors.APIStatus(nil); errors.As(err, &status) {
		return err
	}
	return apierrors.NewInternalError(fmt.Errorf("failed to allocate a nodePort: %w", err))
}

// needsPorts reports whether a port has to be allocated.
func needsPorts(s *corev1.Service, before map[int32]bool) bool {
	if hasHealthCheck(s) && (s.Spec.HealthCheckNodePort == 0 || !before[s.Spec.HealthCheckNodePort]) {
		return true
	}
	if !hasNodePorts(s) {
		return false
	}
	for i := range s.Spec.Ports {
		if port := s.Spec.Ports[i].NodePort; port == 0 && allocatesNodePorts(s) || port != 0 && !before[port] {
			return true
		}
	}
	return false
}

// free returns a function that releases the ports.
func (a *allocator) free(ports map[int32]bool) func(context.Context) error {
	return func(ctx context.Context) error {
		return a.NodePorts.Change(ctx, false, func(all *allocation.Ports) error {
			for port := range ports {
				all.Free(int(port))
			}
			return nil
		})
	}
}

// portPlan chooses the node ports of one service.
type portPlan struct {
	ports *allocation.Ports
	// before contains the ports that the service already has, taken those that
	// are allocated for it now.
	before, taken map[int32]bool
	// share gives two ports with the same number and different protocols the
	// same node port. It is false for an update.
	share, dryRun bool
}

func (p *portPlan) apply(s *corev1.Service) error {
	if hasNodePorts(s) {
		if err := p.nodePorts(s); err != nil {
			return err
		}
	}
	if !hasHealthCheck(s) {
		return nil
	}
	return p.healthCheck(s)
}

// nodePorts allocates the node ports, whether they are asked for or chosen.
func (p *portPlan) nodePorts(s *corev1.Service) error {
	same := map[int32]int32{} // if they are shared, by the number of the port
	for _, i := range p.order(s.Spec.Ports) {
		port := &s.Spec.Ports[i]
		if port.NodePort == 0 && !allocatesNodePorts(s) {
			continue
		}
		if p.share && port.NodePort == 0 {
			port.NodePort = cmp.Or(same[port.Port], askedFor(s.Spec.Ports[i:], port.Port))
		}
		if !p.share || same[port.Port] == 0 || same[port.Port] != port.NodePort {
			if err := p.nodePort(s, i); err != nil {
				return err
			}
		}
		if same[port.Port] == 0 {
			same[port.Port] = port.NodePort
		}
	}
	return nil
}

// order returns the indices of the ports in the order in which their node ports are allocated. Those that are
// asked for come first, so that none of them is chosen for another port. Only a dry run goes through the
// ports as they are, as kube-apiserver always does: there the order shows in the answer.
func (p *portPlan) order(ports []corev1.ServicePort) (asked []int) {
	var chosen []int
	for i := range ports {
		if p.dryRun || ports[i].NodePort != 0 {
			asked = append(asked, i)
		} else {
			chosen = append(chosen, i)
		}
	}
	return append(asked, chosen...)
}

// askedFor returns the node port that is given for the first port with a number, or 0.
func askedFor(ports []corev1.ServicePort, number int32) int32 {
	for i := range ports {
		if ports[i].Port == number && ports[i].NodePort != 0 {
			return ports[i].NodePort
		}
	}
	return 0
}

// nodePort allocates the node port of a port, or chooses one. After an update, two ports may have the same
// node port if their protocols differ.
func (p *portPlan) nodePort(s *corev1.Service, i int) error {
	port := &s.Spec.Ports[i]
	if port.NodePort == 0 {
		next, err := p.ports.Next()
		if err != nil {
			return apierrors.NewInternalError(fmt.Errorf("failed to allocate a nodePort: %v", err))
		}
		port.NodePort = int32(next)
	} else if p.before[port.NodePort] || !p.share && p.taken[port.NodePort] {
		return nil
	} else if err := p.ports.Take(int(port.NodePort)); err != nil {
		return invalid(s, field.Invalid(portsPath.Index(i).Child("nodePort"), port.NodePort, err.Error()))
	}
	p.taken[port.NodePort] = true
	return nil
}

func (p *portPlan) healthCheck(s *corev1.Service) error {
	port := s.Spec.HealthCheckNodePort
	if port == 0 {
		next, err := p.ports.Next()
		if err != nil {
			return apierrors.NewInternalError(fmt.Errorf("failed to allocate a HealthCheck NodePort: %v", err))
		}
		s.Spec.HealthCheckNodePort = int32(next)
		p.taken[int32(next)] = true
		return nil
	}
	if p.before[port] {
		return nil
	}
	if err := p.ports.Take(int(port)); err != nil {
		return apierrors.NewInternalError(fmt.Errorf("failed to allocate requested HealthCheck NodePort %d: %w", port, err))
	}
	p.taken[port] = true
	return nil
}
