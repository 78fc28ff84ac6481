package runtimeclass

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/utils/ptr"
)

func TestPods(t *testing.T) {
	cpu := func(amount string) corev1.ResourceList {
		return corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(amount)}
	}
	sandbox, gpu := corev1.Toleration{Key: "sandbox"}, corev1.Toleration{Key: "gpu"}
	full := &nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: "full"}, Overhead: &nodev1.Overhead{PodFixed: cpu("100m")},
		Scheduling: &nodev1.Scheduling{NodeSelector: map[string]string{"a": "b"}, Tolerations: []corev1.Toleration{sandbox}}}
	plain := &nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: "plain"}}
	const without = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"
	for _, test := range []struct {
		name       string
		spec, want corev1.PodSpec
		err        string
	}{
		{name: "no class"},
		{name: "unknown", spec: corev1.PodSpec{RuntimeClassName: ptr.To("none")}, err: `pod rejected: RuntimeClass "none" not found`},
		{name: "nothing to add", spec: corev1.PodSpec{RuntimeClassName: ptr.To("plain")}, want: corev1.PodSpec{RuntimeClassName: ptr.To("plain")}},
		{name: "everything", spec: corev1.PodSpec{RuntimeClassName: ptr.To("full")},
			want: corev1.PodSpec{RuntimeClassName: ptr.To("full"), Overhead: cpu("100m"),
				NodeSelector: map[string]string{"a": "b"}, Tolerations: []corev1.Toleration{sandbox}}},
		{name: "merged", spec: corev1.PodSpec{RuntimeClassName: ptr.To("full"), Overhead: cpu("0.1"),
			NodeSelector: map[string]string{"a": "b", "c": "d"}, Tolerations: []corev1.Toleration{sandbox, gpu}},
			want: corev1.PodSpec{RuntimeClassName: ptr.To("full"), Overhead: cpu("100m"),
				NodeSelector: map[string]string{"a": "b", "c": "d"}, Tolerations: []corev1.Toleration{sandbox, gpu}}},
		{name: "another overhead", spec: corev1.PodSpec{RuntimeClassName: ptr.To("full"), Overhead: cpu("1")},
			err: "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"},
		{name: "another node", spec: corev1.PodSpec{RuntimeClassName: ptr.To("full"), NodeSelector: map[string]string{"a": "c"}},
			err: "conflict: runtimeClass.scheduling.nodeSelector[a] = b; pod.spec.nodeSelector[a] = c"},
		{name: "an overhead without one of the class", spec: corev1.PodSpec{RuntimeClassName: ptr.To("plain"), Overhead: cpu("1")}, err: without},
		{name: "an overhead without a class", spec: corev1.PodSpec{Overhead: corev1.ResourceList{}}, err: without},
	} {
		t.Run(test.name, func(t *testing.T) {
			client := fake.NewClientset(full, plain)
			factory := informers.NewSharedInformerFactory(client, 0)
			p := newPlugin()
			p.SetExternalKubeInformerFactory(factory)
			p.SetExternalKubeClientSet(client)
			factory.StartWithContext(t.Context())
			pod := &corev1.Pod{Spec: test.spec}
			a := apiadmission.NewAttributesRecord(pod, nil, schema.GroupVersionKind{}, "ns", "p",
				corev1.SchemeGroupVersion.WithResource("pods"), "", apiadmission.Create, nil, false, nil)
			err := p.Admit(t.Context(), a, nil)
			if err == nil {
				err = p.Validate(t.Context(), a, nil)
			}
			if test.err != "" {
				if want := `pods "p" is forbidden: ` + test.err; err == nil || err.Error() != want {
					t.Errorf("error %v, want %s", err, want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, pod.Spec, cmp.Comparer(func(a, b resource.Quantity) bool { return a.Cmp(b) == 0 })); diff != "" {
				t.Error(diff)
			}
		})
	}
}
