package priority

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/utils/ptr"
)

func newTestPlugin(t *testing.T, classes ...*schedulingv1.PriorityClass) *plugin {
	t.Helper()
	client := fake.NewClientset()
	for _, class := range classes {
		if err := client.Tracker().Add(class); err != nil {
			t.Fatal(err)
		}
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	p := newPlugin()
	p.SetExternalKubeInformerFactory(factory)
	factory.StartWithContext(t.Context())
	return p
}

var (
	podResource   = corev1.Resource("pods")
	classResource = schedulingv1.Resource("priorityclasses")
)

func class(name string, value int32, isDefault bool) *schedulingv1.PriorityClass {
	return &schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: name}, Value: value, GlobalDefault: isDefault,
		PreemptionPolicy: ptr.To(corev1.PreemptNever)}
}

func TestAdmitPod(t *testing.T) {
	high, standard, lower := class("high", 100, false), class("standard", 10, true), class("lower", 5, true)
	for _, test := range []struct {
		name    string
		classes []*schedulingv1.PriorityClass
		spec    corev1.PodSpec
		want    int32
		policy  corev1.PreemptionPolicy
		err     string
	}{
		{name: "no class", want: 0, policy: corev1.PreemptLowerPriority},
		{name: "named", classes: []*schedulingv1.PriorityClass{high, standard},
			spec: corev1.PodSpec{PriorityClassName: "high"}, want: 100, policy: corev1.PreemptNever},
		{name: "default", classes: []*schedulingv1.PriorityClass{high, standard}, want: 10, policy: corev1.PreemptNever},
		{name: "lowest of two defaults", classes: []*schedulingv1.PriorityClass{standard, lower}, want: 5, policy: corev1.PreemptNever},
		{name: "unknown", spec: corev1.PodSpec{PriorityClassName: "gone"}, err: "no PriorityClass with name gone was found"},
		{name: "same number", spec: corev1.PodSpec{Priority: ptr.To[int32](0)}, want: 0, policy: corev1.PreemptLowerPriority},
		{name: "other number", spec: corev1.PodSpec{Priority: ptr.To[int32](7)},
			err: "the integer value of priority (7) must not be provided in pod spec; priority admission controller computed 0"},
		{name: "other policy", spec: corev1.PodSpec{PreemptionPolicy: ptr.To(corev1.PreemptNever)},
			err: "the string value of PreemptionPolicy (Never) must not be provided"},
	} {
		pod := &corev1.Pod{Spec: test.spec}
		err := newTestPlugin(t, test.classes...).Admit(t.Context(), attributes(pod, nil, podResource, apiadmission.Create), nil)
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s: error %v, want %q", test.name, err, test.err)
			}
			continue
		}
		if err != nil || *pod.Spec.Priority != test.want || *pod.Spec.PreemptionPolicy != test.policy {
			t.Errorf("%s: %v, %v, error %v", test.name, ptr.Deref(pod.Spec.Priority, -1), ptr.Deref(pod.Spec.PreemptionPolicy, ""), err)
		}
	}
}

func TestAdmitPodUpdateKeepsPriority(t *testing.T) {
	old := &corev1.Pod{Spec: corev1.PodSpec{Priority: ptr.To[int32](7), PreemptionPolicy: ptr.To(corev1.PreemptNever)}}
	pod := &corev1.Pod{}
	if err := newTestPlugin(t).Admit(t.Context(), attributes(pod, old, podResource, apiadmission.Update), nil); err != nil {
		t.Fatal(err)
	}
	if pod.Spec.Priority == nil || *pod.Spec.Priority != 7 || *pod.Spec.PreemptionPolicy != corev1.PreemptNever {
		t.Errorf("the update lost the priority: %+v", pod.Spec)
	}
}

func TestValidateClasses(t *testing.T) {
	p := newTestPlugin(t, class("standard", 10, true))
	for _, test := range []struct {
		name      string
		class     *schedulingv1.PriorityClass
		operation apiadmission.Operation
		err       string
	}{
		{"another default", class("second", 5, true), apiadmission.Create, "Only one default can exist"},
		{"no default", class("second", 5, false), apiadmission.Create, ""},
		{"the default again", class("standard", 10, true), apiadmission.Update, ""},
		{"delete a system class", class("system-node-critical", 0, false), apiadmission.Delete, "cannot be deleted"},
		{"delete another", class("standard", 0, false), apiadmission.Delete, ""},
	} {
		err := p.Validate(t.Context(), attributes(test.class, test.class, classResource, test.operation), nil)
		if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: error %v, want %q", test.name, err, test.err)
		}
	}
}

func attributes(object, old runtime.Object, resource schema.GroupResource, operation apiadmission.Operation) apiadmission.Attributes {
	name := object.(metav1.Object).GetName()
	return apiadmission.NewAttributesRecord(object, old, schema.GroupVersionKind{}, "", name, resource.WithVersion("v1"), "", operation, nil, false, nil)
}
