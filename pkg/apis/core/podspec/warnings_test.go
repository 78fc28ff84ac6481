package podspec

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	featuregatetesting "k8s.io/component-base/featuregate/testing"
	"k8s.io/utils/ptr"

	"github.com/gatehouse-k8s/gatehouse/pkg/features"
)

func TestWarnings(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*corev1.Pod)
		want   []string
	}{
		"none": {same, nil},
		"name": {func(p *corev1.Pod) { p.Name = "a.b" },
			[]string{"metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]"}},
		"old label of nodes": {spec(func(s *corev1.PodSpec) { s.NodeSelector = map[string]string{"beta.kubernetes.io/arch": "amd64"} }),
			[]string{`spec.nodeSelector[beta.kubernetes.io/arch]: deprecated since v1.14; use "kubernetes.io/arch" instead`}},
		"no selector": {spec(func(s *corev1.PodSpec) {
			s.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{TopologyKey: "failure-domain.beta.kubernetes.io/zone"}}
			s.Affinity = &corev1.Affinity{PodAffinity: &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{}}}}
		}), []string{
			`spec.topologySpreadConstraints[0].topologyKey: deprecated since v1.17; use "topology.kubernetes.io/zone" instead`,
			"spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod",
			"spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector: a null labelSelector results in matching no pod"}},
		"secret without a name": {spec(func(s *corev1.PodSpec) { s.ImagePullSecrets = make([]corev1.LocalObjectReference, 1) }),
			[]string{`spec.imagePullSecrets[0].name: invalid empty name ""`}},
		"variable twice": {on(func(c *corev1.Container) {
			c.Env = []corev1.EnvVar{{Name: "A", Value: "x"}, {Name: "A", Value: "$(A)y"}, {Name: "A", Value: "z"}}
		}),
			[]string{`spec.containers[0].env[2]: hides previous definition of "A", which may be dropped when using apply`}},
		"thousandth of a byte": {on(func(c *corev1.Container) { c.Resources.Requests = resources("memory", "1m") }),
			[]string{`spec.containers[0].resources.requests[memory]: fractional byte value "1m" is invalid, must be an integer`}},
		"ports": {on(func(c *corev1.Container) {
			c.Ports = []corev1.ContainerPort{{ContainerPort: 80, HostIP: "192.0.2.1"}, {ContainerPort: 80, HostPort: 80}, {ContainerPort: 80, HostIP: "192.0.2.1"}}
		}), []string{
			"spec.containers[0].ports[0]: hostIP set without hostPort: {Name: HostPort:0 ContainerPort:80 Protocol:TCP HostIP:192.0.2.1}",
			"spec.containers[0].ports[1]: overlapping port definition with spec.containers[0].ports[0]",
			"spec.containers[0].ports[2]: hostIP set without hostPort: {Name: HostPort:0 ContainerPort:80 Protocol:TCP HostIP:192.0.2.1}",
			"spec.containers[0].ports[2]: duplicate port definition with spec.containers[0].ports[0]",
			"spec.containers[0].ports[2]: overlapping port definition with spec.containers[0].ports[1]"}},
		"volumes": {spec(func(s *corev1.PodSpec) {
			token := func(path string) corev1.VolumeProjection {
				return corev1.VolumeProjection{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: path}}
			}
			s.Volumes = []corev1.Volume{
				{Name: "g", VolumeSource: corev1.VolumeSource{GitRepo: &corev1.GitRepoVolumeSource{}}},
				{Name: "s",
					VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "x",
						Items: []corev1.KeyToPath{{Path: "a"}, {Path: "a/b"}, {Path: "ab"}}}}},
				{Name: "p", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{token("t"), {}, token("t")}}}},
			}
		}), []string{
			"spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+",
			`volume "s" (Secret "x"): overlapping paths: "a/b" with "a"`,
			`volume "p" (Projected) has no sources provided`,
			`volume "p" (Projected): overlapping paths: "t" (ServiceAccountToken) with "t" (ServiceAccountToken)`}},
		"address": {spec(func(s *corev1.PodSpec) { s.HostAliases = []corev1.HostAlias{{IP: "2001:db8::0:1"}} }),
			[]string{`spec.hostAliases[0].ip: IPv6 address "2001:db8::0:1" should be in RFC 5952 canonical format ("2001:db8::1")`}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := PodWarnings(newPod(c.change)); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestTemplateWarnings(t *testing.T) {
	pod := newPod()
	template := &corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{appArmorAnnotation + "c": "runtime/default"}}, Spec: pod.Spec}
	want := []string{
		`spec.template.metadata.annotations[container.apparmor.security.beta.kubernetes.io/c]: deprecated since v1.30; use the "appArmorProfile" field instead`,
	}
	if got := PodTemplateWarnings(template, field.NewPath("spec", "template")); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	template.Spec.Containers[0].SecurityContext = &corev1.SecurityContext{AppArmorProfile: &corev1.AppArmorProfile{}}
	if got := PodTemplateWarnings(template, nil); got != nil {
		t.Errorf("got %q", got)
	}
}

func TestDropDisabledFields(t *testing.T) {
	full := newPod(on(func(c *corev1.Container) {
		c.Lifecycle = &corev1.Lifecycle{StopSignal: ptr.To(corev1.SIGTERM)}
		c.VolumeMounts = []corev1.VolumeMount{{Name: "v", BindMountOptions: []string{"noexec"}}}
		c.LivenessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Protocol: ptr.To(corev1.HTTPProtocol("H2C"))}}}
		c.ReadinessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Mode: ptr.To(corev1.GRPCProbeMode("TLS"))}}}
	}), spec(func(s *corev1.PodSpec) {
		s.SchedulingGroup = &corev1.PodSchedulingGroup{}
		s.EvictionResponders = make([]corev1.EvictionResponder, 1)
	}))
	dropped := full.DeepCopy()
	DropDisabledFields(&dropped.Spec, nil)
	s, c := dropped.Spec, dropped.Spec.Containers[0]
	if s.SchedulingGroup != nil || s.EvictionResponders != nil || c.Lifecycle != nil || c.VolumeMounts[0].BindMountOptions != nil ||
		c.LivenessProbe.HTTPGet.Protocol != nil || c.ReadinessProbe.GRPC.Mode != nil {
		t.Errorf("kept %+v", s)
	}
	for name, keep := range map[string]func(*testing.T, *corev1.PodSpec){
		"on": func(t *testing.T, s *corev1.PodSpec) {
			featuregatetesting.SetFeatureGateDuringTest(t, features.Gate(), features.GenericWorkload, true)
			DropDisabledFields(s, nil)
		},
		"there already": func(_ *testing.T, s *corev1.PodSpec) { DropDisabledFields(s, &full.Spec) },
	} {
		t.Run(name, func(t *testing.T) {
			kept := full.DeepCopy()
			if keep(t, &kept.Spec); kept.Spec.SchedulingGroup == nil {
				t.Error("dropped")
			}
		})
	}
}

func TestDropDisabledStatusFields(t *testing.T) {
	status := &corev1.PodStatus{
		VolumeHealth: make([]corev1.PodVolumeHealth, 1), NodeAllocatableResourceClaimStatuses: make([]corev1.NodeAllocatableResourceClaimStatus, 1),
		ContainerStatuses: []corev1.ContainerStatus{{StopSignal: ptr.To(corev1.SIGTERM),
			VolumeMounts: []corev1.VolumeMountStatus{{VolumeStatus: &corev1.VolumeStatus{}}}}},
	}
	DropDisabledStatusFields(status, status.DeepCopy())
	if c := status.ContainerStatuses[0]; status.VolumeHealth == nil || c.StopSignal == nil {
		t.Errorf("dropped what was there: %+v", status)
	}
	featuregatetesting.SetFeatureGateDuringTest(t, features.Gate(), features.CSIVolumeHealth, true)
	DropDisabledStatusFields(status, &corev1.PodStatus{})
	if c := status.ContainerStatuses[0]; status.VolumeHealth == nil || status.NodeAllocatableResourceClaimStatuses != nil || c.StopSignal != nil ||
		c.VolumeMounts[0].VolumeStatus != nil {
		t.Errorf("got %+v", status)
	}
}
