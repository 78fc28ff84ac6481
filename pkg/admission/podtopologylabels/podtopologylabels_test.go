package podtopologylabels

import (
	"maps"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
)

func TestLabels(t *testing.T) {
	factory := informers.NewSharedInformerFactory(fake.NewClientset(&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n", Labels: map[string]string{
		corev1.LabelTopologyZone: "z", corev1.LabelTopologyRegion: "", "topology.kubernetes.io/other": "o"}}}), 0)
	p := newPlugin()
	p.SetExternalKubeInformerFactory(factory)
	factory.StartWithContext(t.Context())
	pod := func(node string) *corev1.Pod { return &corev1.Pod{Spec: corev1.PodSpec{NodeName: node}} }
	binding := func(kind string, labels map[string]string) *corev1.Binding {
		return &corev1.Binding{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Target: corev1.ObjectReference{Kind: kind, Name: "n"}}
	}
	both := map[string]string{corev1.LabelTopologyZone: "z", corev1.LabelTopologyRegion: ""}
	for _, test := range []struct {
		name        string
		off         bool
		subresource string
		obj         runtime.Object
		want        map[string]string
	}{
		{"pod with a node", false, "", pod("n"), both},
		{"pod without a node", false, "", pod(""), nil},
		{"pod of a missing node", false, "", pod("missing"), nil},
		{"binding", false, "binding", binding("Node", map[string]string{"a": "b", corev1.LabelTopologyZone: "mine"}),
			map[string]string{"a": "b", corev1.LabelTopologyZone: "z", corev1.LabelTopologyRegion: ""}},
		{"binding to no kind", false, "binding", binding("", nil), nil},
		{"the gate is off", true, "", pod("n"), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			p.enabled = !test.off
			err := p.Admit(t.Context(), apiadmission.NewAttributesRecord(test.obj, nil, schema.GroupVersionKind{}, "ns", "p",
				corev1.SchemeGroupVersion.WithResource("pods"), test.subresource, apiadmission.Create, nil, false, nil), nil)
			if got := test.obj.(metav1.Object).GetLabels(); err != nil || !maps.Equal(got, test.want) {
				t.Errorf("labels %v, error %v", got, err)
			}
		})
	}
}
