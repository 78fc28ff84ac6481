package nodefeatures

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/version"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
)

func TestValidate(t *testing.T) {
	pod := func(node, whole, initial string) *corev1.Pod {
		cpu := func(value string) corev1.ResourceRequirements {
			return corev1.ResourceRequirements{Requests: corev1.ResourceList{"cpu": resource.MustParse(value)}}
		}
		resources := cpu(whole)
		return &corev1.Pod{Spec: corev1.PodSpec{NodeName: node, Resources: &resources, InitContainers: []corev1.Container{{Name: "i", Resources: cpu(initial)}}}}
	}
	node := func(name string, features ...string) *corev1.Node {
		return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}, Status: corev1.NodeStatus{DeclaredFeatures: features}}
	}
	factory := informers.NewSharedInformerFactory(fake.NewClientset(node("none"),
		node("both", "InPlacePodLevelResourcesVerticalScaling", "InPlacePodVerticalScalingInitContainers")), 0)
	p := newPlugin()
	p.version = version.MustParse("1.37")
	p.SetExternalKubeInformerFactory(factory)
	factory.StartWithContext(t.Context())
	const lacks = "pod update requires features InPlacePodLevelResourcesVerticalScaling"
	for _, test := range []struct {
		name     string
		off      bool
		pod, old *corev1.Pod
		want     string
	}{
		{"no feature is needed", false, pod("none", "1", "1"), pod("none", "1", "1"), ""},
		{"one", false, pod("none", "2", "1"), pod("none", "1", "1"), lacks + ` which are not available on node "none"`},
		{"two", false, pod("none", "2", "2"), pod("none", "1", "1"),
			lacks + `, InPlacePodVerticalScalingInitContainers which are not available on node "none"`},
		{"the node has them", false, pod("both", "2", "2"), pod("both", "1", "1"), ""},
		{"no node yet", false, pod("", "2", "2"), pod("", "1", "1"), ""},
		{"a missing node", false, pod("missing", "2", "2"), pod("missing", "1", "1"), `node "missing" not found`},
		{"the gate is off", true, pod("none", "2", "1"), pod("none", "1", "1"), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			p.enabled = !test.off
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
