package podnodeselector

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
)

type set = map[string]string

func TestSelectors(t *testing.T) {
	namespace := func(name string, annotations set) *corev1.Namespace {
		return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: annotations}}
	}
	factory := informers.NewSharedInformerFactory(fake.NewClientset(namespace("plain", nil), namespace("listed", nil),
		namespace("both", set{annotation: "env=dev"}), namespace("empty", set{annotation: ""}), namespace("bad", set{annotation: "env in (dev)"})), 0)
	p, err := newPlugin(strings.NewReader(`podNodeSelectorPluginConfig: {clusterDefaultNodeSelector: "zone=default", listed: "zone=a", both: "env=dev,team=x"}`))
	if err != nil {
		t.Fatal(err)
	}
	p.SetExternalKubeInformerFactory(factory)
	p.SetExternalKubeClientSet(fake.NewClientset())
	factory.StartWithContext(t.Context())
	const conflict = `pods "p" is forbidden: pod node label selector conflicts with its namespace node label selector`
	const beyond = `pods "p" is forbidden: pod node label selector labels conflict with its namespace whitelist`
	for _, test := range []struct {
		name, namespace string
		selector, want  set
		err             string
	}{
		{"the default", "plain", nil, set{"zone": "default"}, ""},
		{"more than the default", "plain", set{"a": "b"}, set{"zone": "default", "a": "b"}, ""},
		{"another value", "plain", set{"zone": "b"}, nil, conflict},
		{"the default is not allowed", "listed", nil, nil, beyond},
		{"annotation", "both", set{"team": "x"}, set{"env": "dev", "team": "x"}, ""},
		{"not allowed", "both", set{"team": "y"}, nil, beyond},
		{"empty annotation", "empty", set{"zone": "b"}, set{"zone": "b"}, ""},
		{"bad annotation", "bad", nil, nil, "invalid selector: [env in (dev)]"},
		{"no namespace", "missing", nil, nil, `namespaces "missing" not found`},
	} {
		t.Run(test.name, func(t *testing.T) {
			pod := &corev1.Pod{Spec: corev1.PodSpec{NodeSelector: test.selector}}
			a := apiadmission.NewAttributesRecord(pod, nil, schema.GroupVersionKind{}, test.namespace, "p",
				corev1.SchemeGroupVersion.WithResource("pods"), "", apiadmission.Create, nil, false, nil)
			err := p.Admit(t.Context(), a, nil)
			if err == nil {
				err = p.Validate(t.Context(), a, nil)
			}
			if test.err != "" {
				if got := fmt.Sprint(err); got != test.err {
					t.Errorf("%s\nwant %s", got, test.err)
				}
				return
			}
			if err != nil || !maps.Equal(pod.Spec.NodeSelector, test.want) {
				t.Errorf("%v, error %v", pod.Spec.NodeSelector, err)
			}
		})
	}
}
