package service

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/apis"
)

// valid is a service as it is when its addresses and ports are allocated.
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

func TestValidate(t *testing.T) {
	for want, change := range map[string]func(*corev1.Service){
		"": func(*corev1.Service) {},
		"spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'": func(s *corev1.Service) {
			s.Spec.Ports[0].NodePort = 30001
		},
		"spec.ports[0]: Invalid value: 10250: may not expose port 10250 externally since it is used by kubelet": balanced(func(s *corev1.Service) {
			s.Spec.Ports[0].Port = 10250
		}),
		"spec.healthCheckNodePort: Required value": balanced(func(s *corev1.Service) { s.Spec.ExternalTrafficPolicy = "Local" }),
		"spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services": func(s *corev1.Service) {
			s.Spec.Type, s.Spec.ClusterIP, s.Spec.ClusterIPs = "NodePort", "None", []string{"None"}
		},
		"spec.clusterIPs: Invalid value: [\"None\",\"10.0.0.9\"]: 'None' must be the first and only value": func(s *corev1.Service) {
			s.Spec.ClusterIP, s.Spec.ClusterIPs = "None", []string{"None", "10.0.0.9"}
		},
		"spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than 86400": func(s *corev1.Service) {
			s.Spec.SessionAffinity = "ClientIP"
			s.Spec.SessionAffinityConfig = affinity(86401)
		},
		`spec.trafficDistribution: Unsupported value: "Far": supported values: "PreferClose", "PreferSameNode", "PreferSameZone"`: func(s *corev1.Service) {
			s.Spec.TrafficDistribution = ptr.To("Far")
		},
		`metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]: Forbidden: may only be used when ` +
			"`type` is 'LoadBalancer'": annotated(corev1.AnnotationLoadBalancerSourceRangesKey, "10.0.0.0/8"),
		`metadata.annotations[service.kubernetes.io/topology-mode]: Invalid value: "Auto": must match annotations[service.kubernetes.io/topology-aware-hints] when both are specified`: func(s *corev1.Service) {
			s.Annotations = map[string]string{"service.kubernetes.io/topology-mode": "Auto", "service.kubernetes.io/topology-aware-hints": "Disabled"}
		},
		`spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)`: func(s *corev1.Service) {
			s.Spec.ExternalIPs = []string{"127.0.0.1"}
		},
		`spec.externalIPs[0]: Invalid value: "169.254.1.1": may not be in the link-local range (169.254.0.0/16, fe80::/10)`: func(s *corev1.Service) {
			s.Spec.ExternalIPs = []string{"169.254.1.1"}
		},
	} {
		if got := strings.Trim(fmt.Sprint(New(nil).ValidateNew(t.Context(), valid(change))), "[]"); got != strings.Trim(want, "[]") {
			t.Errorf("%s\nwant\n%s", got, want)
		}
	}
}

func affinity(seconds int32) *corev1.SessionAffinityConfig {
	return &corev1.SessionAffinityConfig{ClientIP: &corev1.ClientIPConfig{TimeoutSeconds: &seconds}}
}

func annotated(key, value string) func(*corev1.Service) {
	return func(s *corev1.Service) { s.Annotations = map[string]string{key: value} }
}

func TestLoadBalancerClassIsFixed(t *testing.T) {
	old := valid(balanced(func(s *corev1.Service) { s.Spec.LoadBalancerClass = ptr.To("example.com/a") }))
	s := valid(balanced(func(s *corev1.Service) { s.Spec.LoadBalancerClass = ptr.To("example.com/b") }))
	if got := fmt.Sprint(New(nil).ValidateChange(t.Context(), "", s,
		old)); got != `[spec.loadBalancerClass: Invalid value: "example.com/b": may not change once set]` {
		t.Error(got)
	}
}

// TestCarryOver checks what an update keeps that it leaves out, and what goes
// with the type.
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
	if errs := New(nil).ValidateChange(t.Context(), "", s, old); len(errs) > 0 {
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
