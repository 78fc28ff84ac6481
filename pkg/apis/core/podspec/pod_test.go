package podspec

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	apiscorev1 "github.com/gatehouse-k8s/gatehouse/pkg/apis/core/v1"
)

// newPod returns a valid pod with all defaults, to which the changes are
// applied.
func newPod(changes ...func(*corev1.Pod)) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: "n", ResourceVersion: "1"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "nginx"}}},
	}
	for _, change := range changes {
		change(pod)
	}
	apiscorev1.SetObjectDefaults_Pod(pod)
	return pod
}

// on turns a change of a container into a change of a pod, which applies it to
// its only container.
func on(change func(*corev1.Container)) func(*corev1.Pod) {
	return func(p *corev1.Pod) { change(&p.Spec.Containers[0]) }
}

func spec(change func(*corev1.PodSpec)) func(*corev1.Pod) {
	return func(p *corev1.Pod) { change(&p.Spec) }
}

func resources(pairs ...string) corev1.ResourceList {
	list := corev1.ResourceList{}
	for i := 0; i < len(pairs); i += 2 {
		list[corev1.ResourceName(pairs[i])] = resource.MustParse(pairs[i+1])
	}
	return list
}

// expect compares the texts of errors with those wanted, in any order.
func expect(t *testing.T, errs field.ErrorList, want ...string) {
	t.Helper()
	got := []string{}
	for _, err := range errs {
		if text := err.Error(); !slices.Contains(got, text) {
			got = append(got, text)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

type table map[string]struct {
	change func(*corev1.Pod)
	want   []string
}

func (cases table) run(t *testing.T) {
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { expect(t, ValidatePodCreate(newPod(c.change), Options{}), c.want...) })
	}
}

func TestContainers(t *testing.T) {
	table{
		"valid": {func(*corev1.Pod) {}, nil},
		"none":  {spec(func(s *corev1.PodSpec) { s.Containers = nil }), []string{"spec.containers: Required value"}},
		"no name or image": {on(func(c *corev1.Container) { c.Name, c.Image = "", "" }),
			[]string{"spec.containers[0].name: Required value", "spec.containers[0].image: Required value"}},
		"space around image": {on(func(c *corev1.Container) { c.Image = "nginx " }),
			[]string{`spec.containers[0].image: Invalid value: "nginx ": must not have leading or trailing whitespace`}},
		"same name": {spec(func(s *corev1.PodSpec) { s.InitContainers = []corev1.Container{{Name: "c", Image: "i"}} }),
			[]string{`spec.initContainers[0].name: Duplicate value: "c"`}},
		"probe of an init container": {spec(func(s *corev1.PodSpec) {
			s.InitContainers = []corev1.Container{{Name: "i", Image: "i", Lifecycle: &corev1.Lifecycle{}}}
		}), []string{"spec.initContainers[0].lifecycle: Forbidden: may not be set for init containers without restartPolicy=Always"}},
		"probe of a sidecar": {spec(func(s *corev1.PodSpec) {
			s.InitContainers = []corev1.Container{{Name: "i", Image: "i", RestartPolicy: ptr.To(corev1.ContainerRestartPolicyAlways), Lifecycle: &corev1.Lifecycle{}}}
		}), nil},
		"rules without a policy": {on(func(c *corev1.Container) { c.RestartPolicyRules = []corev1.ContainerRestartRule{{Action: "Restart"}} }),
			[]string{"spec.containers[0].restartPolicy: Required value: must specify restartPolicy when restart rules are used",
				"spec.containers[0].restartPolicyRules[0].exitCodes: Required value: must be specified"}},
		"same host port": {on(func(c *corev1.Container) {
			c.Ports = []corev1.ContainerPort{{ContainerPort: 80, HostPort: 80}, {ContainerPort: 81, HostPort: 80}}
		}), []string{`spec.containers[0].ports[1].hostPort: Duplicate value: "TCP//80"`}},
		"two sources": {on(func(c *corev1.Container) {
			c.Env = []corev1.EnvVar{{Name: "A", ValueFrom: &corev1.EnvVarSource{
				FieldRef:     &corev1.ObjectFieldSelector{FieldPath: "metadata.name"},
				SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "s"}, Key: "k"},
			}}}
		}), []string{`spec.containers[0].env[0].valueFrom: Invalid value: "": may not have more than one field specified at a time`}},
		"file that is nowhere": {on(func(c *corev1.Container) {
			c.Env = []corev1.EnvVar{{Name: "A", ValueFrom: &corev1.EnvVarSource{FileKeyRef: &corev1.FileKeySelector{VolumeName: "v", Path: "../p", Key: "k"}}}}
		}), []string{`spec.containers[0].env[0].valueFrom.fileKeyRef.path: Invalid value: "../p": must not contain '..'`,
			`spec.containers[0].env[0].valueFrom.fileKeyRef.volumeName: Not found: "v"`}},
		"liveness": {on(func(c *corev1.Container) { c.LivenessProbe = &corev1.Probe{SuccessThreshold: 2} }),
			[]string{"spec.containers[0].livenessProbe: Required value: must specify a handler type",
				"spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1"}},
		"long sleep": {on(func(c *corev1.Container) {
			c.Lifecycle = &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 31}}}
		}), []string{"spec.containers[0].lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)"}},
		"debugging on create": {spec(func(s *corev1.PodSpec) {
			s.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "e", Image: "i", Stdin: true},
				TargetContainerName: "x"}}
		}), []string{`spec.ephemeralContainers[0].targetContainerName: Not found: "x"`, "spec.ephemeralContainers: Forbidden: cannot be set on create"}},
	}.run(t)
}

func TestResources(t *testing.T) {
	table{
		"request above limit": {on(func(c *corev1.Container) {
			c.Resources = corev1.ResourceRequirements{Requests: resources("cpu", "2"), Limits: resources("cpu", "1")}
		}), []string{`spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1`}},
		"extended without limit": {on(func(c *corev1.Container) { c.Resources.Requests = resources("example.com/gpu", "1") }),
			[]string{"spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources"}},
		"huge pages alone": {on(func(c *corev1.Container) { c.Resources.Limits = resources("hugepages-2Mi", "3Mi") }),
			[]string{"spec.containers[0].resources: Forbidden: HugePages require cpu or memory",
				`spec.containers[0].resources.limits[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi`,
				`spec.containers[0].resources.requests[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi`}},
		"unknown claim": {on(func(c *corev1.Container) { c.Resources.Claims = []corev1.ResourceClaim{{Name: "x"}} }),
			[]string{`spec.containers[0].resources.claims[0]: Not found: "x": must be one of the names in pod.spec.resourceClaims which is empty`}},
		"pod below its containers": {spec(func(s *corev1.PodSpec) {
			s.Resources = &corev1.ResourceRequirements{Requests: resources("cpu", "1"), Limits: resources("cpu", "1")}
			s.Containers[0].Resources = corev1.ResourceRequirements{Limits: resources("cpu", "2")}
		}), []string{`spec.resources.requests[cpu]: Invalid value: "1": must be greater than or equal to aggregate container requests of 2`,
			`spec.containers[0].resources.limits[cpu]: Invalid value: "2": must be less than or equal to pod limits of 1`}},
		"resize that restarts in a pod that does not": {spec(func(s *corev1.PodSpec) {
			s.RestartPolicy = "Never"
			s.Containers[0].ResizePolicy = []corev1.ContainerResizePolicy{{ResourceName: "cpu", RestartPolicy: "RestartContainer"}}
		}), []string{"spec.containers[0].resizePolicy: Invalid value: \"RestartContainer\": must be 'NotRequired' when `restartPolicy` is 'Never'"}},
	}.run(t)
}

func TestSecurity(t *testing.T) {
	windows := func(s *corev1.PodSpec) { s.OS = &corev1.PodOS{Name: "windows"} }
	table{
		"privileged without escalation": {on(func(c *corev1.Container) {
			c.SecurityContext = &corev1.SecurityContext{AllowPrivilegeEscalation: ptr.To(false), Privileged: ptr.To(true)}
		}), []string{`spec.containers[0].securityContext: Invalid value: {"Capabilities":null,"Privileged":true,"SELinuxOptions":null,"WindowsOptions":null,` +
			`"RunAsUser":null,"RunAsGroup":null,"RunAsNonRoot":null,"ReadOnlyRootFilesystem":null,"AllowPrivilegeEscalation":false,"ProcMount":null,` +
			"\"SeccompProfile\":null,\"AppArmorProfile\":null}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true"}},
		"profile without a file": {on(func(c *corev1.Container) {
			c.SecurityContext = &corev1.SecurityContext{SeccompProfile: &corev1.SeccompProfile{Type: "Localhost"},
				AppArmorProfile: &corev1.AppArmorProfile{Type: "Localhost"}}
		}), []string{"spec.containers[0].securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost",
			"spec.containers[0].securityContext.appArmorProfile.localhostProfile: Required value: must be set when AppArmor type is Localhost"}},
		"users of its own and the host's network": {spec(func(s *corev1.PodSpec) { s.HostUsers, s.HostNetwork = ptr.To(false), true }),
			[]string{"spec.hostNetwork: Forbidden: when `hostUsers` is false"}},
		"Linux on Windows": {spec(func(s *corev1.PodSpec) {
			windows(s)
			s.HostPID = true
			s.SecurityContext = &corev1.PodSecurityContext{FSGroup: ptr.To[int64](1)}
		}), []string{"spec.hostPID: Forbidden: cannot be set for a windows pod", "spec.securityContext.fsGroup: Forbidden: cannot be set for a windows pod"}},
		"host process": {spec(func(s *corev1.PodSpec) {
			windows(s)
			s.SecurityContext = &corev1.PodSecurityContext{WindowsOptions: &corev1.WindowsSecurityContextOptions{HostProcess: ptr.To(true),
				RunAsUserName: ptr.To(`a\b\c`)}}
		}), []string{"spec.hostNetwork: Invalid value: false: hostNetwork must be true if pod contains any hostProcess containers",
			`spec.securityContext.windowsOptions.runAsUserName: Invalid value: "a\\b\\c": runAsUserName cannot contain more than one backslash`}},
		"sysctl of the host": {spec(func(s *corev1.PodSpec) {
			s.HostNetwork = true
			s.SecurityContext = &corev1.PodSecurityContext{Sysctls: []corev1.Sysctl{{Name: "net/core.somaxconn"}, {Name: "Odd"}}}
		}), []string{"spec.securityContext.sysctls[0].name: Invalid value: \"net/core.somaxconn\": may not be specified when 'hostNetwork' is true",
			"spec.securityContext.sysctls[1].name: Invalid value: \"Odd\": must have at most 253 characters and match regex " + sysctlPattern}},
		"profile of no container": {func(p *corev1.Pod) { p.Annotations = map[string]string{appArmorAnnotation + "x": "odd"} },
			[]string{`metadata.annotations[container.apparmor.security.beta.kubernetes.io/x]: Invalid value: "x": container not found`,
				`metadata.annotations[container.apparmor.security.beta.kubernetes.io/x]: Invalid value: "odd": invalid AppArmor profile name: "odd"`}},
	}.run(t)
}

func TestScheduling(t *testing.T) {
	zone := corev1.TopologySpreadConstraint{MaxSkew: 1, TopologyKey: "zone", WhenUnsatisfiable: "DoNotSchedule"}
	table{
		"constraint twice": {spec(func(s *corev1.PodSpec) { s.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{zone, zone} }),
			[]string{`spec.topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable}: Duplicate value: "{zone, DoNotSchedule}"`}},
		"keys without a selector": {spec(func(s *corev1.PodSpec) {
			keyed := zone
			keyed.MatchLabelKeys = []string{"a"}
			s.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{keyed}
		}), []string{"spec.topologySpreadConstraints[0].matchLabelKeys: Forbidden: must not be specified when labelSelector is not set"}},
		"key in the selector too": {spec(func(s *corev1.PodSpec) {
			s.Affinity = &corev1.Affinity{PodAffinity: &corev1.PodAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
				TopologyKey: "zone", MatchLabelKeys: []string{"a"}, LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b"}}}}}}
		}), []string{
			`spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].matchLabelKeys[0]: Invalid value: "a": exists in both matchLabelKeys and labelSelector`,
		}},
		"weight": {spec(func(s *corev1.PodSpec) {
			s.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{{}}}}
		}), []string{"spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 0: must be in the range 1-100"}},
		"gated and placed": {spec(func(s *corev1.PodSpec) { s.NodeName, s.SchedulingGates = "n", []corev1.PodSchedulingGate{{Name: "g"}} }),
			[]string{"spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared"}},
		"no name servers": {spec(func(s *corev1.PodSpec) { s.DNSPolicy = "None" }),
			[]string{"spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"}},
		"search of the root": {spec(func(s *corev1.PodSpec) { s.DNSConfig = &corev1.PodDNSConfig{Searches: []string{".", "a.b.", "_x.y"}} }), nil},
		"two host names": {spec(func(s *corev1.PodSpec) { s.HostnameOverride, s.SetHostnameAsFQDN = ptr.To("h"), ptr.To(true) }),
			[]string{"spec.hostnameOverride: Forbidden: may not be specified when setHostnameAsFQDN is true"}},
		"deadline": {spec(func(s *corev1.PodSpec) { s.ActiveDeadlineSeconds = ptr.To[int64](0) }),
			[]string{"spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive"}},
		"no claim source": {spec(func(s *corev1.PodSpec) { s.ResourceClaims = []corev1.PodResourceClaim{{Name: "r"}} }),
			[]string{`spec.resourceClaims[0]: Invalid value: {"Name":"r","ResourceClaimName":null,"ResourceClaimTemplateName":null}: ` +
				"must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"}},
	}.run(t)
}

func TestForbidPrivileged(t *testing.T) {
	pod := newPod(on(func(c *corev1.Container) { c.SecurityContext = &corev1.SecurityContext{Privileged: ptr.To(true)} }))
	expect(t, ValidatePodCreate(pod, Options{}))
	expect(t, ValidatePodCreate(pod, Options{ForbidPrivileged: true}), "spec.containers[0].securityContext.privileged: Forbidden: disallowed by cluster policy")
}

func TestTemplate(t *testing.T) {
	pod := newPod()
	template := &corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"bad key!": "x"}}, Spec: pod.Spec}
	template.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{
		Name: "e", Image: "i", ImagePullPolicy: "Always", TerminationMessagePolicy: "File"}}}
	errs := ValidatePodTemplateSpec(template, Options{}, field.NewPath("spec", "template"))
	if len(errs) != 2 || errs[0].Field != "spec.template.labels" {
		t.Errorf("got %v", errs)
	}
	expect(t, errs[1:], "spec.template.spec.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template")
}

func TestQOSClass(t *testing.T) {
	for name, c := range map[string]struct {
		requests, limits corev1.ResourceList
		want             corev1.PodQOSClass
	}{
		"nothing":      {nil, nil, corev1.PodQOSBestEffort},
		"zero":         {resources("cpu", "0"), nil, corev1.PodQOSBestEffort},
		"other":        {resources("ephemeral-storage", "1Gi"), nil, corev1.PodQOSBestEffort},
		"only cpu":     {nil, resources("cpu", "1"), corev1.PodQOSBurstable},
		"less":         {resources("cpu", "1", "memory", "1"), resources("cpu", "2", "memory", "1"), corev1.PodQOSBurstable},
		"all that may": {nil, resources("cpu", "2", "memory", "1"), corev1.PodQOSGuaranteed},
	} {
		t.Run(name, func(t *testing.T) {
			pod := newPod(on(func(c2 *corev1.Container) {
				c2.Resources = corev1.ResourceRequirements{Requests: c.requests, Limits: c.limits}
			}))
			if got := QOSClass(pod); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
