package v1

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

func TestSecretDefaults(t *testing.T) {
	s := &corev1.Secret{Data: map[string][]byte{"a": []byte("old"), "b": []byte("kept")}, StringData: map[string]string{"a": "new", "c": "added"}}
	SetObjectDefaults_Secret(s)
	if s.Type != corev1.SecretTypeOpaque || s.StringData != nil || len(s.Data) != 3 || string(s.Data["a"]) != "new" || string(s.Data["b"]) != "kept" ||
		string(s.Data["c"]) != "added" {
		t.Errorf("secret: %+v", s)
	}
	empty := &corev1.Secret{Type: corev1.SecretTypeTLS, StringData: map[string]string{}}
	SetObjectDefaults_Secret(empty)
	if empty.Type != corev1.SecretTypeTLS || empty.Data != nil {
		t.Errorf("empty secret: %+v", empty)
	}
}

func TestNamespaceDefaults(t *testing.T) {
	ns := &corev1.Namespace{}
	SetObjectDefaults_Namespace(ns)
	if ns.Labels != nil || ns.Status.Phase != corev1.NamespaceActive {
		t.Errorf("without a name: %+v", ns)
	}
	ns.Name = "a"
	SetObjectDefaults_Namespace(ns)
	if ns.Labels[corev1.LabelMetadataName] != "a" {
		t.Errorf("labels: %v", ns.Labels)
	}
}

func TestNodeDefaults(t *testing.T) {
	for name, c := range map[string]struct {
		cidr, want string
		cidrs, all []string
	}{
		"none":          {"", "", nil, nil},
		"only podCIDR":  {"10.0.0.0/24", "10.0.0.0/24", nil, []string{"10.0.0.0/24"}},
		"only podCIDRs": {"", "10.0.0.0/24", []string{"10.0.0.0/24", "fd00::/64"}, []string{"10.0.0.0/24", "fd00::/64"}},
		"equal":         {"10.0.0.0/24", "10.0.0.0/24", []string{"10.0.0.0/24", "fd00::/64"}, []string{"10.0.0.0/24", "fd00::/64"}},
		"different":     {"10.0.1.0/24", "10.0.1.0/24", []string{"10.0.0.0/24", "fd00::/64"}, []string{"10.0.1.0/24"}},
	} {
		n := &corev1.Node{Spec: corev1.NodeSpec{PodCIDR: c.cidr, PodCIDRs: c.cidrs}}
		SetObjectDefaults_Node(n)
		if n.Spec.PodCIDR != c.want || !slices.Equal(n.Spec.PodCIDRs, c.all) {
			t.Errorf("%s: got %q %q", name, n.Spec.PodCIDR, n.Spec.PodCIDRs)
		}
	}
	n := &corev1.Node{Status: corev1.NodeStatus{Capacity: corev1.ResourceList{"cpu": resource.MustParse("2")}}}
	SetObjectDefaults_Node(n)
	if cpu := n.Status.Allocatable["cpu"]; cpu.Value() != 2 {
		t.Errorf("allocatable: %v", n.Status.Allocatable)
	}
}
