package podresize

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
)

func TestValidate(t *testing.T) {
	list := func(cpu, memory string) corev1.ResourceList {
		return corev1.ResourceList{"cpu": resource.MustParse(cpu), "memory": resource.MustParse(memory)}
	}
	pod := func(node, cpu, memory string) *corev1.Pod {
		container := corev1.Container{Resources: corev1.ResourceRequirements{Requests: list(cpu, memory)}}
		return &corev1.Pod{Spec: corev1.PodSpec{NodeName: node, Containers: []corev1.Container{container}}}
	}
	factory := informers.NewSharedInformerFactory(fake.NewClientset(
		&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n"}, Status: corev1.NodeStatus{Allocatable: list("4", "4Gi")}},
		&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "w", Labels: map[string]string{corev1.LabelOSStable: "windows"}}}), 0)
	p := newPlugin()
	p.SetExternalKubeInformerFactory(factory)
	factory.StartWithContext(t.Context())
	for _, test := range []struct {
		name     string
		pod, old *corev1.Pod
		want     string
	}{
		{"fits", pod("n", "4", "4Gi"), pod("n", "1", "1Gi"), ""},
		{"both are too much", pod("n", "5", "8Gi"), pod("n", "1", "1Gi"),
			"node didn't have enough allocatable resources: cpu, requested: 5000, allocatable: 4000; memory, requested: 8589934592, allocatable: 4294967296"},
		{"smaller, and still too much", pod("n", "3", "8Gi"), pod("n", "9", "9Gi"),
			"node didn't have enough allocatable resources: memory, requested: 8589934592, allocatable: 4294967296"},
		{"nothing changes", pod("n", "9", "9Gi"), pod("n", "9", "9Gi"), ""},
		{"no node yet", pod("", "9", "9Gi"), pod("", "1", "1Gi"), ""},
		{"a missing node", pod("missing", "2", "1Gi"), pod("missing", "1", "1Gi"), `node "missing" not found`},
		{"windows", pod("w", "9", "1Gi"), pod("w", "1", "1Gi"), `pod resize is only supported on linux nodes, node "w" is "windows"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := "<nil>"
			if test.want != "" {
				want = `pods "p" is forbidden: ` + test.want
			}
			err := p.Validate(t.Context(), apiadmission.NewAttributesRecord(test.pod, test.old, schema.GroupVersionKind{}, "ns", "p",
				corev1.SchemeGroupVersion.WithResource("pods"), "resize", apiadmission.Update, nil, false, nil), nil)
			if got := fmt.Sprint(err); got != want {
				t.Errorf("%s\nwant %s", got, want)
			}
		})
	}
}
