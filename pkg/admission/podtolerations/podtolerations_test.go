package podtolerations

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
)

const config = `{apiVersion: podtolerationrestriction.admission.k8s.io/v1alpha1, kind: Configuration,
default: [{key: c, operator: Exists}], whitelist: [{key: c, operator: Exists}, {key: w, operator: Equal, value: v, effect: NoSchedule}]}`

// TestPods takes tolerations as JSON.
func TestPods(t *testing.T) {
	namespace := func(name string, annotations map[string]string) *corev1.Namespace {
		return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: annotations}}
	}
	factory := informers.NewSharedInformerFactory(fake.NewClientset(namespace("plain", nil),
		namespace("own", map[string]string{defaults: `[{"key":"d","operator":"Equal","value":"v","effect":"NoSchedule"}]`, whitelist: `[]`}),
		namespace("bad", map[string]string{defaults: "bad json"}),
		namespace("strict", map[string]string{defaults: "", whitelist: `[{"key":"n","operator":"Exists","effect":"NoExecute","tolerationSeconds":5}]`})), 0)
	p, err := newPlugin(strings.NewReader(config))
	if err != nil {
		t.Fatal(err)
	}
	p.SetExternalKubeInformerFactory(factory)
	p.SetExternalKubeClientSet(fake.NewClientset())
	factory.StartWithContext(t.Context())
	const beyond = "pod tolerations (possibly merged with namespace default tolerations) conflict with its "
	d := `{"key":"d","operator":"Equal","value":"v","effect":"NoSchedule"}`
	pressure := `{"key":"node.kubernetes.io/memory-pressure","operator":"Exists","effect":"NoSchedule"}`
	for _, test := range []struct {
		name, namespace, have, want, err string
		burstable                        bool
	}{
		{name: "the cluster's", namespace: "plain", have: `[]`, want: `[{"key":"c","operator":"Exists"}]`},
		{name: "not the cluster's", namespace: "plain", have: `[{"key":"x","operator":"Exists"}]`, err: beyond + "cluster whitelist"},
		{name: "the namespace's", namespace: "own", have: `[]`, want: `[` + d + `]`},
		{name: "the pod has it", namespace: "own", have: `[` + d + `]`, want: `[` + d + `]`},
		{name: "another value", namespace: "own", have: `[{"key":"d","operator":"Equal","value":"w"}]`,
			want: `[{"key":"d","operator":"Equal","value":"w"},` + d + `]`},
		{name: "the pod's is wider", namespace: "own", have: `[{"operator":"Exists"}]`, want: `[{"operator":"Exists"}]`},
		{name: "memory pressure", namespace: "own", have: `[]`, want: `[` + d + `,` + pressure + `]`, burstable: true},
		{name: "bad annotation", namespace: "bad", have: `[]`, err: "invalid character 'b' looking for beginning of value"},
		{name: "for a short time", namespace: "strict", have: `[{"key":"n","effect":"NoExecute","tolerationSeconds":5}]`,
			want: `[{"key":"n","effect":"NoExecute","tolerationSeconds":5}]`},
		{name: "for too long", namespace: "strict", have: `[{"key":"n","operator":"Exists","effect":"NoExecute"}]`, err: beyond + "namespace whitelist"},
		{name: "memory pressure is not allowed", namespace: "strict", have: `[]`, err: beyond + "namespace whitelist", burstable: true},
		{name: "no operator", namespace: "plain", have: `[{"key":"w","value":"v","effect":"NoSchedule"}]`, err: beyond + "cluster whitelist"},
	} {
		t.Run(test.name, func(t *testing.T) {
			pod := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{}}}}
			if test.burstable {
				pod.Spec.Containers[0].Resources.Requests = corev1.ResourceList{"cpu": resource.MustParse("1")}
			}
			if err := json.Unmarshal([]byte(test.have), &pod.Spec.Tolerations); err != nil {
				t.Fatal(err)
			}
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
			if got, _ := json.Marshal(pod.Spec.Tolerations); err != nil || string(got) != test.want {
				t.Errorf("%s\nwant %s, error %v", got, test.want, err)
			}
		})
	}
}

func TestConfig(t *testing.T) {
	const head = "{apiVersion: podtolerationrestriction.admission.k8s.io/v1alpha1, kind: "
	for _, test := range []struct{ name, config, want string }{
		{"another kind", head + "Foo}", `no kind "Foo" is registered for version "podtolerationrestriction.admission.k8s.io/v1alpha1"`},
		{"bad operator", head + "Configuration, default: [{key: a, operator: Bogus}]}",
			`invalid config: podtolerationrestriction.default[0].operator: Unsupported value: "Bogus": supported values: "Equal", "Exists"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := newPlugin(strings.NewReader(test.config)); fmt.Sprint(err) != test.want {
				t.Errorf("%v\nwant %s", err, test.want)
			}
		})
	}
}
