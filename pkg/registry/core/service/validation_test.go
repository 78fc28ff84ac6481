package service

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/connect"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/registrytest"
)

// valid returns a service as it is after the allocation of its addresses and
// ports, with a change.
func valid(change func(*corev1.Service)) *corev1.Service {
	s := clusterService(single, []string{"10.0.0.9"}, v4)
	s.ObjectMeta = metav1.ObjectMeta{Name: "web", Namespace: "default", ResourceVersion: "1"}
	s.Spec.Ports = []corev1.ServicePort{{Port: 80}}
	change(s)
	apis.Scheme.Default(s)
	return s
}

func balanced(change func(*corev1.Service)) func(*corev1.Service) {
	return func(s *corev1.Service) {
		s.Spec.Type = corev1.ServiceTypeLoadBalancer
		change(s)
	}
}

// TestValidation is a transcript: see registrytest.Validate.
func TestValidation(t *testing.T) {
	registrytest.Validate(t, "testdata/validation.txt", New(nil, connect.Needs{}), func() *corev1.Service { return valid(func(*corev1.Service) {}) })
}

// TestCarryOver checks which fields keep their values when an update omits
// them, and which fields are cleared when the type changes.
func TestCarryOver(t *testing.T) {
	old := valid(balanced(func(s *corev1.Service) {
		s.Spec.Ports = []corev1.ServicePort{{Name: "a", Port: 80, NodePort: 30001}, {Name: "b", Port: 81, NodePort: 30002}}
		s.Spec.ExternalTrafficPolicy, s.Spec.HealthCheckNodePort, s.Spec.LoadBalancerClass = "Local", 30003, ptr.To("example.com/a")
	}))
	update := func(change func(*corev1.Service)) *corev1.Service {
		s := old.DeepCopy()
		change(s)
		dropOfOldType(s, old)
		keepAllocated(s, old)
		alignClusterIPs(s, old)
		return s
	}
	s := update(func(s *corev1.Service) {
		s.Spec.ClusterIP, s.Spec.ClusterIPs, s.Spec.HealthCheckNodePort = "", nil, 0
		s.Spec.Ports = []corev1.ServicePort{{Name: "b", Port: 90}, {Name: "c", Port: 91, NodePort: 30001}, {Name: "a", Port: 92}}
	})
	if s.Spec.ClusterIP != "10.0.0.9" || len(s.Spec.ClusterIPs) != 1 || s.Spec.HealthCheckNodePort != 30003 {
		t.Errorf("kept: %+v", s.Spec)
	}
	if p := s.Spec.Ports; p[0].NodePort != 30002 || p[1].NodePort != 30001 || p[2].NodePort != 0 {
		t.Errorf("node ports: %+v", p)
	}
	s = update(func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeClusterIP })
	if s.Spec.Ports[0].NodePort != 0 || s.Spec.HealthCheckNodePort != 0 || s.Spec.ExternalTrafficPolicy != "" ||
		s.Spec.LoadBalancerClass != nil || s.Spec.AllocateLoadBalancerNodePorts != nil || s.Spec.ClusterIP != "10.0.0.9" {
		t.Errorf("as ClusterIP: %+v", s.Spec)
	}
	s = update(func(s *corev1.Service) {
		s.Spec.Type, s.Spec.ExternalName = corev1.ServiceTypeExternalName, "example.com"
	})
	if s.Spec.ClusterIP != "" || s.Spec.ClusterIPs != nil || s.Spec.IPFamilies != nil || s.Spec.IPFamilyPolicy != nil || s.Spec.InternalTrafficPolicy != nil {
		t.Errorf("as ExternalName: %+v", s.Spec)
	}
	if errs := New(nil, connect.Needs{}).ValidateChange(t.Context(), "", s, old); len(errs) > 0 {
		t.Errorf("as ExternalName: %v", errs)
	}
	s = update(func(s *corev1.Service) { s.Spec.ClusterIP = "10.0.0.8" })
	if len(s.Spec.ClusterIPs) != 1 || s.Spec.ClusterIPs[0] != "10.0.0.8" {
		t.Errorf("with another clusterIP: %v", s.Spec.ClusterIPs)
	}
}

func TestTable(t *testing.T) {
	s := valid(balanced(func(s *corev1.Service) {
		s.Spec.Ports = []corev1.ServicePort{{Port: 80, NodePort: 30001}, {Port: 53, Protocol: "UDP"}}
	}))
	for _, c := range []struct{ what, got, want string }{
		{"ports", formatPorts(s.Spec.Ports), "80:30001/TCP,53/UDP"},
		{"no ports", formatPorts(nil), "<none>"},
		{"pending", externalIP(s), "<pending>"},
		{"ingress", ingresses([]corev1.LoadBalancerIngress{{Hostname: "b"}, {IP: "192.0.2.1"}, {Hostname: "b"}}), "192.0.2.1,b"},
		{"no address", clusterIP(&corev1.Service{}), "<none>"},
		{"name", externalIP(&corev1.Service{Spec: corev1.ServiceSpec{Type: "ExternalName", ExternalName: "a.example.com"}}), "a.example.com"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s, want %s", c.what, c.got, c.want)
		}
	}
}
