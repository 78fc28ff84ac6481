package podspec

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
)

type update struct {
	old, change func(*corev1.Pod)
	want        []string
}

func same(*corev1.Pod) {}

func runUpdates(t *testing.T, validate func(pod, old *corev1.Pod, opts Options) field.ErrorList, cases map[string]update) {
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			old := newPod(c.old)
			pod := old.DeepCopy()
			c.change(pod)
			expect(t, validate(pod, old, Options{}), c.want...)
		})
	}
}

func TestUpdate(t *testing.T) {
	gated := spec(func(s *corev1.PodSpec) {
		s.SchedulingGates = []corev1.PodSchedulingGate{{Name: "g"}}
		s.NodeSelector = map[string]string{"a": "b"}
	})
	required := func(terms ...corev1.NodeSelectorTerm) func(*corev1.Pod) {
		return spec(func(s *corev1.PodSpec) {
			s.Affinity = &corev1.Affinity{
				NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: terms}},
			}
		})
	}
	exists := func(key string) corev1.NodeSelectorRequirement {
		return corev1.NodeSelectorRequirement{Key: key, Operator: "Exists"}
	}
	few := corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{exists("a")}}
	more := corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{exists("a"), exists("b")}}

	runUpdates(t, ValidatePodUpdate, map[string]update{
		"nothing":  {same, same, nil},
		"image":    {same, on(func(c *corev1.Container) { c.Image = "other" }), nil},
		"no image": {same, on(func(c *corev1.Container) { c.Image = "" }), []string{"spec.containers[0].image: Required value"}},
		"containers": {same, spec(func(s *corev1.PodSpec) {
			s.Containers = append(s.Containers, s.Containers[0])
			s.Containers[1].Name = "d"
		}), []string{"spec.containers: Forbidden: pod updates may not add or remove containers"}},
		"nearer deadline": {spec(func(s *corev1.PodSpec) { s.ActiveDeadlineSeconds = ptr.To[int64](9) }),
			spec(func(s *corev1.PodSpec) { s.ActiveDeadlineSeconds = ptr.To[int64](8) }), nil},
		"later deadline": {spec(func(s *corev1.PodSpec) { s.ActiveDeadlineSeconds = ptr.To[int64](9) }),
			spec(func(s *corev1.PodSpec) { s.ActiveDeadlineSeconds = ptr.To[int64](10) }),
			[]string{"spec.activeDeadlineSeconds: Invalid value: 10: must be less than or equal to previous value"}},
		"no deadline": {spec(func(s *corev1.PodSpec) { s.ActiveDeadlineSeconds = ptr.To[int64](9) }),
			spec(func(s *corev1.PodSpec) { s.ActiveDeadlineSeconds = nil }),
			[]string{"spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value"}},
		"another toleration": {same, spec(func(s *corev1.PodSpec) { s.Tolerations = []corev1.Toleration{{Operator: "Exists"}} }), nil},
		"one toleration less": {spec(func(s *corev1.PodSpec) { s.Tolerations = []corev1.Toleration{{Operator: "Exists"}} }),
			spec(func(s *corev1.PodSpec) { s.Tolerations = nil }),
			[]string{"spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds"}},
		"gate added": {gated, spec(func(s *corev1.PodSpec) {
			s.SchedulingGates = append(s.SchedulingGates, corev1.PodSchedulingGate{Name: "h"})
		}),
			[]string{"spec.schedulingGates[1].name: Forbidden: only deletion is allowed, but found new scheduling gate 'h'"}},
		"gate removed":       {gated, spec(func(s *corev1.PodSpec) { s.SchedulingGates = nil }), nil},
		"gated, more labels": {gated, spec(func(s *corev1.PodSpec) { s.NodeSelector["c"] = "d" }), nil},
		"gated, other labels": {gated, spec(func(s *corev1.PodSpec) { s.NodeSelector["a"] = "d" }),
			[]string{`spec.nodeSelector: Invalid value: {"a":"d"}: only additions to spec.nodeSelector are allowed (no mutations or deletions)`}},
		"gated, first affinity": {gated, required(few), nil},
		"gated, narrower":       {func(p *corev1.Pod) { gated(p); required(few)(p) }, required(more), nil},
		"gated, fewer conditons": {func(p *corev1.Pod) { gated(p); required(more)(p) }, required(few),
			[]string{
				`spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]: Invalid value: {"MatchExpressions":[{"Key":"a","Operator":"Exists","Values":null}],"MatchFields":null}: only additions are allowed (no mutations or deletions)`,
			}},
		"mirror annotation": {spec(func(s *corev1.PodSpec) { s.NodeName = "n" }),
			func(p *corev1.Pod) { p.Annotations = map[string]string{corev1.MirrorPodAnnotationKey: "x"} },
			[]string{"metadata.annotations[kubernetes.io/config.mirror]: Forbidden: may not add mirror pod annotation"}},
		"flaw that was there": {func(p *corev1.Pod) { p.Annotations = map[string]string{corev1.PodDeletionCost: "+1"} },
			func(p *corev1.Pod) { p.Labels = map[string]string{"a": "b"} }, nil},
		"new flaw": {same, func(p *corev1.Pod) { p.Annotations = map[string]string{corev1.PodDeletionCost: "+1"} },
			[]string{`metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "+1": must be a 32bit integer`}},
	})
}

// TestUpdateShowsDifference checks that the error for a refused update contains
// the difference to the old spec.
func TestUpdateShowsDifference(t *testing.T) {
	old := newPod()
	pod := old.DeepCopy()
	pod.Spec.Hostname, pod.Spec.Containers[0].Image = "h", "other"
	errs := ValidatePodUpdate(pod, old, Options{})
	if len(errs) != 1 || errs[0].Field != "spec" {
		t.Fatalf("got %v", errs)
	}
	_, shown, _ := strings.Cut(errs[0].Detail, "previously negative)\n")
	const want = `@@ -64,7 +64,7 @@
   "SELinuxChangePolicy": null
  },
  "ImagePullSecrets": null,
- "Hostname": "",
+ "Hostname": "h",
  "Subdomain": "",
  "SetHostnameAsFQDN": null,
  "Affinity": null,
`
	if shown != want {
		t.Errorf("got %s", shown)
	}
}

func TestStatusUpdate(t *testing.T) {
	ended := func(code int32) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "c",
				State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code}}}}
		}
	}
	with := func(policy corev1.RestartPolicy, code int32) func(*corev1.Pod) {
		return func(p *corev1.Pod) { p.Spec.RestartPolicy = policy; ended(code)(p) }
	}
	runs := func(p *corev1.Pod) { p.Status.ContainerStatuses[0].State = corev1.ContainerState{} }
	again := []string{"status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state"}
	runUpdates(t, ValidatePodStatusUpdate, map[string]update{
		"restart":            {with("Always", 0), runs, nil},
		"restart on failure": {with("OnFailure", 1), runs, nil},
		"restart on success": {with("OnFailure", 0), runs, again},
		"restart never":      {with("Never", 1), runs, again},
		"restart by a rule": {func(p *corev1.Pod) {
			with("Never", 1)(p)
			p.Spec.Containers[0].RestartPolicyRules = make([]corev1.ContainerRestartRule, 1)
		}, runs, nil},
		"class": {same, func(p *corev1.Pod) { p.Status.QOSClass = "Burstable" },
			[]string{`status.qosClass: Invalid value: "Burstable": field is immutable`}},
		"two of a family": {same, func(p *corev1.Pod) { p.Status.PodIPs = []corev1.PodIP{{IP: "192.0.2.1"}, {IP: "192.0.2.2"}} },
			[]string{`status.podIPs: Invalid value: [{"IP":"192.0.2.1"},{"IP":"192.0.2.2"}]: may specify no more than one IP for each IP family`}},
		"another host": {same, func(p *corev1.Pod) { p.Status.HostIPs = []corev1.HostIP{{IP: "192.0.2.1"}} },
			[]string{"status.hostIPs[0].ip: Invalid value: \"192.0.2.1\": must be equal to `hostIP`"}},
		"claim of another pod": {same, func(p *corev1.Pod) { p.Status.ResourceClaimStatuses = []corev1.PodResourceClaimStatus{{Name: "x"}} },
			[]string{"status.resourceClaimStatuses[0].name: Invalid value: \"x\": must match the name of an entry in `spec.resourceClaims`"}},
	})
}

func TestEphemeralContainersUpdate(t *testing.T) {
	debug := spec(func(s *corev1.PodSpec) {
		s.EphemeralContainers = append(s.EphemeralContainers, corev1.EphemeralContainer{EphemeralContainerCommon: corev1.EphemeralContainerCommon{
			Name: "e", Image: "i", ImagePullPolicy: "Always", TerminationMessagePath: "/t", TerminationMessagePolicy: "File"}})
	})
	runUpdates(t, ValidatePodEphemeralContainersUpdate, map[string]update{
		"add": {same, debug, nil},
		"remove": {debug, spec(func(s *corev1.PodSpec) { s.EphemeralContainers = nil }),
			[]string{"spec.ephemeralContainers: Forbidden: existing ephemeral containers \"e\" may not be removed\n"}},
		"change": {debug, spec(func(s *corev1.PodSpec) { s.EphemeralContainers[0].TTY = true }),
			[]string{"spec.ephemeralContainers: Forbidden: existing ephemeral containers \"e\" may not be changed\n" +
				"@@ -27,6 +27,6 @@\n  \"SecurityContext\": null,\n  \"Stdin\": false,\n  \"StdinOnce\": false,\n- \"TTY\": false,\n+ \"TTY\": true,\n  \"TargetContainerName\": \"\"\n }\n"}},
	})
}

func TestResize(t *testing.T) {
	sized := on(func(c *corev1.Container) {
		c.Resources = corev1.ResourceRequirements{Requests: resources("cpu", "1"), Limits: resources("cpu", "2", "example.com/gpu", "1")}
	})
	runUpdates(t, ValidatePodResize, map[string]update{
		"more": {sized, on(func(c *corev1.Container) { c.Resources.Requests["cpu"] = resources("cpu", "2")["cpu"] }), nil},
		"class": {same, on(func(c *corev1.Container) { c.Resources.Requests = resources("cpu", "1") }),
			[]string{`spec: Invalid value: "BestEffort": Pod QOS Class may not change as a result of resizing`}},
		"other": {sized, on(func(c *corev1.Container) { c.Resources.Requests["ephemeral-storage"] = resources("a", "1")["a"] }),
			[]string{"spec: Forbidden: only cpu and memory resources are mutable"}},
		"less than before": {sized, on(func(c *corev1.Container) { delete(c.Resources.Limits, "cpu") }),
			[]string{"spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed"}},
		"on Windows": {func(p *corev1.Pod) { sized(p); p.Spec.OS = &corev1.PodOS{Name: "windows"} }, same, []string{"[]: Forbidden: windows pods cannot be resized"}},
	})
}

func TestBindingAndLogs(t *testing.T) {
	expect(t, ValidatePodBinding(&corev1.Binding{Target: corev1.ObjectReference{Name: "n"}}))
	expect(t, ValidatePodBinding(&corev1.Binding{Target: corev1.ObjectReference{Kind: "Pod"}}),
		`target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>"`, "target.name: Required value")
	expect(t, ValidatePodLogOptions(&corev1.PodLogOptions{TailLines: ptr.To[int64](-1), LimitBytes: ptr.To[int64](0), SinceSeconds: ptr.To[int64](0)}),
		"tailLines: Invalid value: -1: must be greater than or equal to 0", "limitBytes: Invalid value: 0: must be greater than 0",
		"sinceSeconds: Invalid value: 0: must be greater than 0")
}
