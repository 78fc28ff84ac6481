package service

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

const (
	v4, v6         = corev1.IPv4Protocol, corev1.IPv6Protocol
	single, prefer = corev1.IPFamilyPolicySingleStack, corev1.IPFamilyPolicyPreferDualStack
	require        = corev1.IPFamilyPolicyRequireDualStack
)

func clusterService(policy corev1.IPFamilyPolicy, ips []string, families ...corev1.IPFamily) *corev1.Service {
	s := &corev1.Service{Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP, Selector: map[string]string{"a": "b"}, ClusterIPs: ips, IPFamilies: families}}
	if len(ips) > 0 {
		s.Spec.ClusterIP = ips[0]
	}
	if policy != "" {
		s.Spec.IPFamilyPolicy = ptr.To(policy)
	}
	return s
}

func TestFamiliesOnCreate(t *testing.T) {
	none := []string{"None"}
	for _, c := range []struct {
		name     string
		service  *corev1.Service
		dual     bool
		policy   corev1.IPFamilyPolicy
		families []corev1.IPFamily
		err      string
	}{
		{"nothing asked", clusterService("", nil), false, single, []corev1.IPFamily{v4}, ""},
		{"nothing asked, both there", clusterService("", nil), true, single, []corev1.IPFamily{v4}, ""},
		{"prefer, one there", clusterService(prefer, nil), false, prefer, []corev1.IPFamily{v4}, ""},
		{"prefer, both there", clusterService(prefer, nil), true, prefer, []corev1.IPFamily{v4, v6}, ""},
		{"require", clusterService(require, nil, v6), true, require, []corev1.IPFamily{v6, v4}, ""},
		{"require, one there", clusterService(require, nil), false, "", nil,
			"spec.ipFamilyPolicy: Invalid value: \"RequireDualStack\": this cluster is not configured for dual-stack services"},
		{"other family", clusterService("", nil, v6), false, "", nil, `spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster`},
		{"by address", clusterService("", []string{"2001:db8::9"}), true, single, []corev1.IPFamily{v6}, ""},
		{"address of another family", clusterService("", []string{"2001:db8::9"}), false, "", nil, "may not use IPv6 on a cluster which is not configured for it"},
		{"two addresses, single", clusterService("", []string{"10.0.0.9", "2001:db8::9"}), true, "", nil,
			"must be RequireDualStack or PreferDualStack when multiple clusterIPs are specified"},
		{"two families, single", clusterService(single, nil, v4, v6), true, "", nil,
			"must be RequireDualStack or PreferDualStack when multiple ipFamilies are specified"},
		{"contradiction", clusterService("", []string{"10.0.0.9"}, v6), true, "", nil, "expected an IPv6 value as indicated by `ipFamilies[0]`"},
		{"headless", clusterService("", none), true, single, []corev1.IPFamily{v4}, ""},
		{"headless without selector", func() *corev1.Service {
			s := clusterService("", none)
			s.Spec.Selector = nil
			return s
		}(), false, require, []corev1.IPFamily{v4, v6}, ""},
	} {
		configured := []corev1.IPFamily{v4}
		if c.dual {
			configured = append(configured, v6)
		}
		err := decideFamilies(c.service, nil, configured)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: error %v, want %s", c.name, err, c.err)
			}
			continue
		}
		if err != nil || *c.service.Spec.IPFamilyPolicy != c.policy || !slices.Equal(c.service.Spec.IPFamilies, c.families) {
			t.Errorf("%s: %v, %v %v, want %v %v", c.name, err, *c.service.Spec.IPFamilyPolicy, c.service.Spec.IPFamilies, c.policy, c.families)
		}
	}
}

func TestFamiliesOnUpdate(t *testing.T) {
	both := []string{"10.0.0.9", "2001:db8::9"}
	for _, c := range []struct {
		name         string
		old, service *corev1.Service
		want         string
	}{
		{"upgrade", clusterService(single, both[:1], v4), clusterService(prefer, both[:1], v4), "PreferDualStack [IPv4 IPv6] [10.0.0.9]"},
		{"downgrade", clusterService(require, both, v4, v6), clusterService(single, both, v4, v6), "SingleStack [IPv4] [10.0.0.9]"},
		{"policy left out", clusterService(require, both, v4, v6), clusterService("", both, v4, v6), "RequireDualStack [IPv4 IPv6] [10.0.0.9 2001:db8::9]"},
		{"preference on a cluster that has changed", clusterService(prefer, both[:1], v4), clusterService(prefer, both[:1], v4), "PreferDualStack [IPv4] [10.0.0.9]"},
	} {
		err := decideFamilies(c.service, c.old, []corev1.IPFamily{v4, v6})
		got := fmt.Sprint(ptr.Deref(c.service.Spec.IPFamilyPolicy, ""), " ", c.service.Spec.IPFamilies, " ", c.service.Spec.ClusterIPs)
		if err != nil || got != c.want {
			t.Errorf("%s: %v, %s, want %s", c.name, err, got, c.want)
		}
	}
}

func TestKept(t *testing.T) {
	both := []string{"10.0.0.9", "2001:db8::9"}
	old := clusterService(prefer, both, v4, v6)
	for name, c := range map[string]struct {
		want string
		s    *corev1.Service
	}{
		"no change": {"[]", clusterService(prefer, both, v4, v6)},
		"first address": {`[spec.clusterIPs[0]: Invalid value: ["10.0.0.8","2001:db8::9"]: may not change once set]`,
			clusterService(prefer, []string{"10.0.0.8", "2001:db8::9"}, v4, v6)},
		"second address": {`[spec.clusterIPs[1]: Invalid value: ["10.0.0.9","2001:db8::8"]: may not change once set]`,
			clusterService(prefer, []string{"10.0.0.9", "2001:db8::8"}, v4, v6)},
		"families": {`[spec.ipFamilies[0]: Invalid value: ["IPv6","IPv4"]: may not change once set ` +
			`spec.ipFamilies[1]: Invalid value: ["IPv6","IPv4"]: may not change once set]`,
			clusterService(prefer, both, v6, v4)},
		"one address less": {`[spec.ipFamilyPolicy: Invalid value: "PreferDualStack": must be set to 'SingleStack' when releasing the secondary clusterIP]`,
			clusterService(prefer, both[:1], v4, v6)},
		"no address": {`[spec.clusterIPs[0]: Invalid value: null: primary clusterIP can not be unset]`, clusterService(prefer, nil, v4, v6)},
	} {
		if got := fmt.Sprint(validateKept(c.s, old)); got != c.want {
			t.Errorf("%s: %s\nwant\n%s", name, got, c.want)
		}
	}
	external := &corev1.Service{Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName}}
	if errs := append(validateKept(external, old), validateKept(old, external)...); len(errs) > 0 {
		t.Errorf("another type: %v", errs)
	}
}
