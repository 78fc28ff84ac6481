package podspec

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// listed is a port with its path.
type listed struct {
	port corev1.ContainerPort
	at   *field.Path
}

// ports warns about equal ports and port names of containers that run at the
// same time.
func (w *warner) ports(p *field.Path) {
	var before []listed
	for i := range w.spec.InitContainers {
		if isSidecar(&w.spec.InitContainers[i]) {
			before = w.portsOf(&w.spec.InitContainers[i], p.Child("initContainers").Index(i), before)
		}
	}
	for i := range w.spec.Containers {
		before = w.portsOf(&w.spec.Containers[i], p.Child("containers").Index(i), before)
	}
}

func (w *warner) portsOf(c *corev1.Container, p *field.Path, before []listed) []listed {
	for i, port := range c.Ports {
		at := p.Child("ports").Index(i)
		if port.HostIP != "" && port.HostPort == 0 {
			w.warn(at, "hostIP set without hostPort: %+v", port)
		}
		w.samePort(listed{port, at}, before)
		before = append(before, listed{port, at})
	}
	return before
}

func (w *warner) samePort(l listed, before []listed) {
	for _, other := range before {
		a, b := l.port, other.port
		if a.Protocol == b.Protocol && a.ContainerPort == b.ContainerPort {
			switch {
			case a.HostPort == b.HostPort && a.HostIP == b.HostIP:
				w.warn(l.at, "duplicate port definition with %s", other.at)
			case a.HostPort == 0 || b.HostPort == 0:
				w.warn(l.at, "overlapping port definition with %s", other.at)
			}
		}
		if a.Name != "" && a.Name == b.Name {
			w.warn(l.at, "duplicate port name %q with %s, services and probes that select ports by name will use %[2]s", a.Name, other.at)
		}
	}
}
