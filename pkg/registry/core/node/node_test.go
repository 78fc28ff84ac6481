package node

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatehouse-k8s/gatehouse/pkg/registry"
	"github.com/gatehouse-k8s/gatehouse/pkg/registry/core/connect"
)

func node(change func(*corev1.Node)) *corev1.Node {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n", ResourceVersion: "1"}, Spec: corev1.NodeSpec{
		PodCIDRs: []string{"10.0.0.0/24", "fd00::/64"}, ProviderID: "p://1"}}
	change(n)
	return n
}

func TestValidate(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*corev1.Node)
		want   string
	}{
		"valid": {func(*corev1.Node) {}, ""},
		"one family twice": {func(n *corev1.Node) { n.Spec.PodCIDRs[1] = "10.0.1.0/24" },
			`spec.podCIDRs: Invalid value: ["10.0.0.0/24","10.0.1.0/24"]: may specify no more than one CIDR for each IP family`},
		"no range": {func(n *corev1.Node) { n.Spec.PodCIDRs = []string{"x"} },
			`spec.podCIDRs[0]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)`},
		"no range among two": {func(n *corev1.Node) { n.Spec.PodCIDRs[1] = "x" },
			`[spec.podCIDRs[1]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64), ` +
				`spec.podCIDRs: Internal error: invalid PodCIDRs. failed to check with dual stack with error:invalid CIDR[1]: <nil> (invalid CIDR address: x), ` +
				`spec.podCIDRs: Invalid value: ["10.0.0.0/24","x"]: may specify no more than one CIDR for each IP family]`},
		"taint": {func(n *corev1.Node) { n.Spec.Taints = []corev1.Taint{{Key: "a"}} }, "metadata.taints[0].effect: Required value"},
		"capacity": {func(n *corev1.Node) { n.Status.Capacity = corev1.ResourceList{"cpu": resource.MustParse("-1")} },
			`status.capacity.cpu: Invalid value: "-1": must be greater than or equal to 0`},
		"feature": {func(n *corev1.Node) { n.Status.DeclaredFeatures = []string{"Good/feature", "bad"} },
			`status.declaredFeatures[1]: Invalid value: "bad": invalid feature name "bad": must start with an UpperCamelCase segment`},
		"annotation": {func(n *corev1.Node) {
			n.Annotations = map[string]string{corev1.PreferAvoidPodsAnnotationKey: `{"preferAvoidPods":[{"podSignature":{}}]}`}
		}, "metadata.annotations.scheduler.alpha.kubernetes.io/preferAvoidPods[0].PodSignature: Required value"},
	} {
		got := ""
		if errs := New(connect.Needs{}).ValidateNew(t.Context(), node(c.change)); len(errs) > 0 {
			got = errs.ToAggregate().Error()
		}
		if got != c.want && (c.want == "" || !strings.HasPrefix(got, c.want)) {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
	}
}

func TestValidateUpdate(t *testing.T) {
	old := node(func(*corev1.Node) {})
	changed := node(func(n *corev1.Node) {
		n.Spec.PodCIDRs, n.Spec.ProviderID = nil, "p://2"
		n.Status.Addresses = []corev1.NodeAddress{{Type: "InternalIP", Address: "192.0.2.1"}, {Type: "InternalIP", Address: "192.0.2.1"}}
	})
	const want = `[status.addresses[1]: Duplicate value: {"Type":"InternalIP","Address":"192.0.2.1"}, ` +
		`spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid, ` +
		`spec.providerID: Forbidden: node updates may not change providerID except from "" to valid]`
	if got := New(connect.Needs{}).ValidateChange(t.Context(), "", changed, old).ToAggregate().Error(); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	bare := node(func(n *corev1.Node) { n.Spec = corev1.NodeSpec{} })
	if errs := New(connect.Needs{}).ValidateChange(t.Context(), "", node(func(*corev1.Node) {}), bare); len(errs) > 0 {
		t.Errorf("first ranges: %v", errs)
	}
}

// TestDropDisabled checks that the dynamic configuration of kubelets, a feature
// that was removed, is kept only if the stored node has it already.
func TestDropDisabled(t *testing.T) {
	configured := func() *corev1.Node {
		return node(func(n *corev1.Node) {
			n.Spec.ConfigSource, n.Spec.PodPreemptionPolicy = &corev1.NodeConfigSource{}, &corev1.NodePodPreemptionPolicy{}
			n.Status.Config = &corev1.NodeConfigStatus{}
		})
	}
	fresh := configured()
	New(connect.Needs{}).PrepareNew(t.Context(), fresh)
	if fresh.Spec.ConfigSource != nil || fresh.Spec.PodPreemptionPolicy != nil || fresh.Status.Config != nil {
		t.Errorf("created: %+v", fresh)
	}
	updated := configured()
	New(connect.Needs{}).PrepareChange(t.Context(), "", updated, configured())
	if updated.Spec.ConfigSource == nil || updated.Spec.PodPreemptionPolicy == nil || updated.Status.Config == nil {
		t.Errorf("updated: %+v", updated)
	}
	if got := warnings(updated); len(got) != 1 {
		t.Errorf("warnings: %q", got)
	}
}

func TestTable(t *testing.T) {
	cells := func(n *corev1.Node) []any {
		var row []any
		for _, c := range columns {
			row = append(row, c.Cell(n))
		}
		return row
	}
	if got, want := cells(node(func(*corev1.Node) {})), []any{"n", "Unknown", registry.None, registry.Unknown, "", registry.None, registry.None, registry.Unknown,
		registry.Unknown, registry.Unknown}; !slices.Equal(got, want) {
		t.Errorf("bare: %v, want %v", got, want)
	}
	full := node(func(n *corev1.Node) {
		n.Labels = map[string]string{"node-role.kubernetes.io/worker": "", "node-role.kubernetes.io/": "", "kubernetes.io/role": "edge"}
		n.Spec.Unschedulable = true
		n.Status.Conditions = []corev1.NodeCondition{{Type: "MemoryPressure", Status: "False"}, {Type: "Ready", Status: "True"}}
		n.Status.Addresses = []corev1.NodeAddress{{Type: "ExternalIP", Address: "203.0.113.1"}, {Type: "InternalIP", Address: "192.0.2.1"}}
		n.Status.NodeInfo = corev1.NodeSystemInfo{KubeletVersion: "v1", OSImage: "os", KernelVersion: "6", Architecture: "amd64", ContainerRuntimeVersion: "c"}
	})
	want := []any{"n", "Ready,SchedulingDisabled", "edge,worker", registry.Unknown, "v1", "192.0.2.1", "203.0.113.1", "os", "6 (amd64)", "c"}
	if got := cells(full); !slices.Equal(got, want) {
		t.Errorf("full: %v, want %v", got, want)
	}
}
