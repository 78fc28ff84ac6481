package v1

import (
	"testing"

	"github.com/distribution/reference"
	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/utils/ptr"
)

func quantities(pairs ...string) corev1.ResourceList {
	list := corev1.ResourceList{}
	for i := 0; i < len(pairs); i += 2 {
		list[corev1.ResourceName(pairs[i])] = resource.MustParse(pairs[i+1])
	}
	return list
}

// TestPodAndTemplate checks which defaults are set for pods only and not for
// pod templates.
func TestPodAndTemplate(t *testing.T) {
	spec := corev1.PodSpec{
		HostNetwork:              true,
		DeprecatedServiceAccount: "robot",
		Containers: []corev1.Container{{
			Image: "nginx", Ports: []corev1.ContainerPort{{ContainerPort: 80}},
			Resources: corev1.ResourceRequirements{Limits: quantities("cpu", "1", "memory", "1.5")},
		}},
	}
	pod, template := &corev1.Pod{Spec: *spec.DeepCopy()}, &corev1.PodTemplate{}
	template.Template.Spec = *spec.DeepCopy()
	SetObjectDefaults_Pod(pod)
	SetObjectDefaults_PodTemplate(template)

	for name, s := range map[string]*corev1.PodSpec{"pod": &pod.Spec, "template": &template.Template.Spec} {
		c := s.Containers[0]
		if s.RestartPolicy != "Always" || s.DNSPolicy != "ClusterFirst" || s.SchedulerName != "default-scheduler" || *s.TerminationGracePeriodSeconds != 30 ||
			s.SecurityContext == nil || s.ServiceAccountName != "robot" {
			t.Errorf("%s: %+v", name, s)
		}
		if c.ImagePullPolicy != "Always" || c.TerminationMessagePath != "/dev/termination-log" || c.TerminationMessagePolicy != "File" ||
			c.Ports[0].Protocol != "TCP" {
			t.Errorf("%s: %+v", name, c)
		}
	}
	if own := pod.Spec.Containers[0]; own.Ports[0].HostPort != 80 ||
		!apiequality.Semantic.DeepEqual(own.Resources.Requests, quantities("cpu", "1", "memory", "1500m")) || !*pod.Spec.EnableServiceLinks {
		t.Errorf("pod: %+v", pod.Spec)
	}
	if own := template.Template.Spec.Containers[0]; own.Ports[0].HostPort != 0 || own.Resources.Requests != nil ||
		template.Template.Spec.EnableServiceLinks != nil {
		t.Errorf("template: %+v", template.Template.Spec)
	}
}

func TestPodResources(t *testing.T) {
	container := corev1.ResourceRequirements{Requests: quantities("cpu", "1m", "hugepages-2Mi", "4Mi"), Limits: quantities("hugepages-2Mi", "4Mi")}
	for name, c := range map[string]struct{ own, want *corev1.ResourceRequirements }{
		"not set": {nil, nil},
		"empty":   {&corev1.ResourceRequirements{}, &corev1.ResourceRequirements{}},
		"limits": {&corev1.ResourceRequirements{Limits: quantities("cpu", "2", "memory", "2Gi")}, &corev1.ResourceRequirements{
			Limits: quantities("cpu", "2", "memory", "2Gi", "hugepages-2Mi", "4Mi"), Requests: quantities("cpu", "1m", "memory", "2Gi", "hugepages-2Mi", "4Mi")}},
		"requests": {&corev1.ResourceRequirements{Requests: quantities("cpu", "1")}, &corev1.ResourceRequirements{
			Limits: quantities("hugepages-2Mi", "4Mi"), Requests: quantities("cpu", "1", "hugepages-2Mi", "4Mi")}},
	} {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{Spec: corev1.PodSpec{Resources: c.own, Containers: []corev1.Container{{Resources: *container.DeepCopy()}}}}
			SetDefaults_Pod(pod)
			if !apiequality.Semantic.DeepEqual(pod.Spec.Resources, c.want) {
				t.Errorf("got %+v, want %+v", pod.Spec.Resources, c.want)
			}
		})
	}
}

func TestIsLatest(t *testing.T) {
	for image, want := range map[string]bool{
		"nginx": true, "nginx:latest": true, "host:5000/team/web": true, "nginx:1": false, "host:5000/web:v1": false, "": false, "a//b:latest": false, "a/b.c_d:latest": true, "-a:latest": false, "a-:latest": false,
		"A:latest": false, "a:Latest": false, "a:.latest": false, "a:latest-1": false, "host:5000/web": true, "a:": false, "Not An Image": false,
		"busybox@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef": false,
	} {
		if got := isLatest(image); got != want {
			t.Errorf("%q: got %v", image, got)
		}
	}
}

// TestOrdinaryTag compares the simple rule for images with the library, for all short
// texts of a few characters.
func TestOrdinaryTag(t *testing.T) {
	ordinary := 0
	for _, alphabet := range []string{"a0/.:", "a-_:", "a/_:.", "aA@:"} {
		texts := []string{""}
		for range 7 {
			var longer []string
			for _, text := range texts {
				for _, c := range alphabet {
					longer = append(longer, text+string(c))
				}
			}
			for _, text := range longer {
				tag, ok := ordinaryTag(text)
				if !ok {
					continue
				}
				ordinary++
				named, err := reference.ParseNormalizedNamed(text)
				if err != nil {
					t.Fatalf("%q: %v", text, err)
				}
				if tagged, ok := named.(reference.Tagged); !ok || tagged.Tag() != tag {
					t.Fatalf("%q: tag %q, want that of %v", text, tag, named)
				}
			}
			texts = longer
		}
	}
	if ordinary < 1000 {
		t.Errorf("only %d names were ordinary", ordinary)
	}
}

func TestPodIPs(t *testing.T) {
	for name, c := range map[string]struct{ in, want corev1.PodStatus }{
		"one":  {corev1.PodStatus{PodIP: "192.0.2.1"}, corev1.PodStatus{PodIP: "192.0.2.1", PodIPs: []corev1.PodIP{{IP: "192.0.2.1"}}}},
		"list": {corev1.PodStatus{PodIPs: []corev1.PodIP{{IP: "192.0.2.1"}}}, corev1.PodStatus{PodIP: "192.0.2.1", PodIPs: []corev1.PodIP{{IP: "192.0.2.1"}}}},
		"disagree": {corev1.PodStatus{PodIP: "192.0.2.2", PodIPs: []corev1.PodIP{{IP: "192.0.2.1"}}},
			corev1.PodStatus{PodIP: "192.0.2.2", PodIPs: []corev1.PodIP{{IP: "192.0.2.2"}}}},
		"none": {},
	} {
		t.Run(name, func(t *testing.T) {
			SetDefaults_PodStatus(&c.in)
			if !apiequality.Semantic.DeepEqual(c.in, c.want) {
				t.Errorf("got %+v", c.in)
			}
		})
	}
}

func TestProbe(t *testing.T) {
	probe := corev1.Probe{PeriodSeconds: 7, TerminationGracePeriodSeconds: ptr.To[int64](1)}
	SetDefaults_Probe(&probe)
	want := corev1.Probe{TimeoutSeconds: 1, PeriodSeconds: 7, SuccessThreshold: 1, FailureThreshold: 3, TerminationGracePeriodSeconds: ptr.To[int64](1)}
	if !apiequality.Semantic.DeepEqual(probe, want) {
		t.Errorf("got %+v", probe)
	}
}
