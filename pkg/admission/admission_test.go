package admission_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/gatehouse-k8s/gatehouse/pkg/admission"
)

// calls notes which hooks were called.
type calls []string

func (c *calls) note(name string) func(context.Context, admission.Attributes, *corev1.Pod) error {
	return func(_ context.Context, _ admission.Attributes, pod *corev1.Pod) error {
		*c = append(*c, name+" "+pod.Name)
		return nil
	}
}

func (c *calls) update(_ context.Context, _ admission.Attributes, pod, old *corev1.Pod) error {
	*c = append(*c, "update "+old.Name+" to "+pod.Name)
	return nil
}

func request(resource, subresource string, operation admission.Operation, obj, old runtime.Object) admission.Attributes {
	return apiadmission.NewAttributesRecord(obj, old, schema.GroupVersionKind{}, "ns", "p",
		corev1.SchemeGroupVersion.WithResource(resource), subresource, operation, nil, false, nil)
}

func pod(name string) *corev1.Pod {
	p := &corev1.Pod{}
	p.Name = name
	return p
}

func TestMatching(t *testing.T) {
	const conversion = "Resource was marked with kind Pod but was unable to be converted"
	for _, test := range []struct {
		name string
		a    admission.Attributes
		want []string
		err  string
	}{
		{"create", request("pods", "", admission.Create, pod("new"), nil), []string{"create new", "all"}, ""},
		{"update", request("pods", "", admission.Update, pod("new"), pod("old")), []string{"update old to new"}, ""},
		{"delete", request("pods", "", admission.Delete, nil, pod("old")), []string{"delete old", "all"}, ""},
		{"connect without a hook", request("pods", "", admission.Connect, pod("options"), nil), nil, ""},
		{"a subresource", request("pods", "status", admission.Update, pod("new"), pod("old")), []string{"status old to new"}, ""},
		{"another subresource", request("pods", "resize", admission.Update, pod("new"), pod("old")), nil, ""},
		{"another resource", request("nodes", "", admission.Create, &corev1.Node{}, nil), []string{"all"}, ""},
		{"another type", request("pods", "", admission.Create, &corev1.Node{}, nil), nil, conversion},
		{"another old type", request("pods", "", admission.Update, pod("new"), &corev1.Node{}), nil, conversion},
		{"no object", request("pods", "", admission.Create, nil, nil), nil, conversion},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got calls
			handler := admission.Mutate(
				admission.On(corev1.Resource("pods"), admission.Hooks[*corev1.Pod]{Create: got.note("create"), Update: got.update, Delete: got.note("delete")}),
				admission.On(corev1.Resource("pods/status"), admission.Hooks[*corev1.Pod]{
					Update: func(_ context.Context, _ admission.Attributes, pod, old *corev1.Pod) error {
						got = append(got, "status "+old.Name+" to "+pod.Name)
						return nil
					}}),
				admission.OnAll(func(context.Context, admission.Attributes) error {
					got = append(got, "all")
					return nil
				}, admission.Create, admission.Delete))
			err := handler.Admit(t.Context(), test.a, nil)
			if test.err != "" {
				if !apierrors.IsBadRequest(err) || err.Error() != test.err {
					t.Errorf("error %v, want %q", err, test.err)
				}
				return
			}
			if err != nil || !slices.Equal(got, test.want) {
				t.Errorf("called %q, want %q, error %v", got, test.want, err)
			}
		})
	}
}

// TestKinds checks what the library finds out about a plugin.
func TestKinds(t *testing.T) {
	var c calls
	creates := admission.On(corev1.Resource("pods"), admission.Hooks[*corev1.Pod]{Create: c.note("create")})
	connects := admission.On(corev1.Resource("pods"), admission.Hooks[*corev1.Pod]{Connect: c.note("connect")})
	for _, test := range []struct {
		name                string
		plugin              admission.Interface
		mutates, validates  bool
		handles, handlesNot admission.Operation
	}{
		{"mutating", admission.Mutate(creates), true, false, admission.Create, admission.Connect},
		{"validating", admission.Validate(connects), false, true, admission.Connect, admission.Update},
		{"both, creating", admission.MutateAndValidate([]admission.Rule{creates}, []admission.Rule{connects}), true, true, admission.Create, admission.Delete},
		{"both, connecting", admission.MutateAndValidate([]admission.Rule{creates}, []admission.Rule{connects}), true, true, admission.Connect, admission.Delete},
		{"embedded", struct{ *admission.Validating }{admission.Validate(creates)}, false, true, admission.Create, admission.Delete},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, mutates := test.plugin.(apiadmission.MutationInterface)
			_, validates := test.plugin.(apiadmission.ValidationInterface)
			if mutates != test.mutates || validates != test.validates {
				t.Errorf("mutates %v, validates %v", mutates, validates)
			}
			if !test.plugin.Handles(test.handles) || test.plugin.Handles(test.handlesNot) {
				t.Errorf("handles %s: %v, %s: %v", test.handles, test.plugin.Handles(test.handles), test.handlesNot, test.plugin.Handles(test.handlesNot))
			}
		})
	}
}

func TestFirstErrorEnds(t *testing.T) {
	var c calls
	refuse := func(_ context.Context, a admission.Attributes, _ *corev1.Pod) error {
		return admission.Forbidden(a, "no %s today", "pods")
	}
	handler := admission.MutateAndValidate(nil, []admission.Rule{
		admission.On(corev1.Resource("pods"), admission.Hooks[*corev1.Pod]{Create: refuse}),
		admission.On(corev1.Resource("pods"), admission.Hooks[*corev1.Pod]{Create: c.note("create")})})
	a := request("pods", "", admission.Create, pod("new"), nil)
	if err := handler.Admit(t.Context(), a, nil); err != nil {
		t.Errorf("the mutating phase: %v", err)
	}
	err := handler.Validate(t.Context(), a, nil)
	if !apierrors.IsForbidden(err) || err.Error() != `pods "p" is forbidden: no pods today` || len(c) > 0 {
		t.Errorf("error %v, called %q", err, c)
	}
}

func TestWaitFor(t *testing.T) {
	var c calls
	factory := informers.NewSharedInformerFactory(fake.NewClientset(), 0)
	handler := admission.Mutate(admission.On(corev1.Resource("pods"), admission.Hooks[*corev1.Pod]{Create: c.note("create")}))
	handler.WaitFor(factory.Core().V1().Namespaces().Informer())

	ended, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("the client is gone"))
	err := handler.Admit(ended, request("pods", "", admission.Create, pod("new"), nil), nil)
	if !apierrors.IsForbidden(err) || err.Error() != `pods "p" is forbidden: not yet ready to handle request` {
		t.Errorf("not synced: %v", err)
	}
	if err := handler.Admit(ended, request("nodes", "", admission.Create, &corev1.Node{}, nil), nil); err != nil {
		t.Errorf("a request that no rule matches: %v", err)
	}
	factory.StartWithContext(t.Context())
	if err := handler.Admit(t.Context(), request("pods", "", admission.Create, pod("new"), nil), nil); err != nil || len(c) != 1 {
		t.Errorf("synced: %v, called %q", err, c)
	}
}
