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

// same changes nothing.
func same(*corev1.Pod) {}

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
