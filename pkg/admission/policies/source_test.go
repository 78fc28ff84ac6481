package policies

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/gatehouse-k8s/gatehouse/internal/testutil"
)

// counted are the policies that a test has compiled, in their order.
type counted struct{ names []string }

func (c *counted) kind() kind[validatingPolicy, validatingBinding, string] {
	return kind[validatingPolicy, validatingBinding, string]{
		policies: validatingKind.policies, bindings: validatingKind.bindings, paramKind: validatingKind.paramKind, policyName: validatingKind.policyName,
		compile: func(p validatingPolicy) string {
			c.names = append(c.names, p.Name)
			return p.Name + "@" + p.ResourceVersion
		},
	}
}

func policy(name, version string) validatingPolicy {
	p := &admissionregistrationv1.ValidatingAdmissionPolicy{}
	p.Name, p.ResourceVersion = name, version
	return p
}

func binding(name, policy string) validatingBinding {
	b := &admissionregistrationv1.ValidatingAdmissionPolicyBinding{}
	b.Name, b.Spec.PolicyName = name, policy
	return b
}

// describe lists the hooks: the evaluator, the bindings, and the error.
func describe(s *source[validatingPolicy, validatingBinding, string]) (all []string) {
	for _, hook := range s.Hooks() {
		var bindings []string
		for _, b := range hook.Bindings {
			bindings = append(bindings, b.Name)
		}
		text := hook.Evaluator + " " + strings.Join(bindings, ",")
		if hook.ConfigurationError != nil {
			text += " " + hook.ConfigurationError.Error()
		}
		all = append(all, text)
	}
	return all
}

// newTestSource returns a source whose informers are not started: the tests write to
// their stores.
func newTestSource(t *testing.T, c *counted, mapper meta.RESTMapper, objects ...runtime.Object) *source[validatingPolicy, validatingBinding, string] {
	t.Helper()
	factory := informers.NewSharedInformerFactory(fake.NewClientset(), 0)
	limits := schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "limits"}
	client := dynamicfake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(),
		map[schema.GroupVersionResource]string{limits: "LimitList"}, objects...)
	s, err := newSource(c.kind(), factory, newParams(t.Context(), factory, client, mapper), client, &atomic.Uint64{})
	testutil.Check(t, err)
	return s
}

func TestHooks(t *testing.T) {
	var c counted
	s := newTestSource(t, &c, meta.NewDefaultRESTMapper(nil))
	policies, bindings := s.policies.GetStore(), s.bindings.GetStore()
	for _, step := range []struct {
		name     string
		change   func() error
		want     []string
		compiled []string
	}{
		{"nothing", func() error { return nil }, nil, nil},
		{"a policy without a binding", func() error { return policies.Add(policy("b", "1")) }, nil, nil},
		{"a binding without a policy", func() error { return bindings.Add(binding("x", "gone")) }, nil, nil},
		{"both", func() error { return bindings.Add(binding("b2", "b")) }, []string{"b@1 b2"}, []string{"b"}},
		{"a second binding", func() error { return bindings.Add(binding("b1", "b")) }, []string{"b@1 b1,b2"}, nil},
		{"an earlier policy", func() error { return policies.Add(policy("a", "2")) }, []string{"b@1 b1,b2"}, nil},
		{"its binding", func() error { return bindings.Add(binding("a", "a")) }, []string{"a@2 a", "b@1 b1,b2"}, []string{"a"}},
		{"a changed policy", func() error { return policies.Update(policy("b", "3")) }, []string{"a@2 a", "b@3 b1,b2"}, []string{"b"}},
		{"no binding any more", func() error { return bindings.Delete(binding("a", "a")) }, []string{"b@3 b1,b2"}, nil},
		{"no policy any more", func() error { return policies.Delete(policy("b", "3")) }, nil, nil},
	} {
		t.Run(step.name, func(t *testing.T) {
			c.names = nil
			testutil.Check(t, step.change())
			s.changes.Add(1) // the handlers of the informers do it
			for range 2 {
				if got := describe(s); !slices.Equal(got, step.want) {
					t.Errorf("%q, want %q", got, step.want)
				}
			}
			if !slices.Equal(c.names, step.compiled) {
				t.Errorf("compiled %q, want %q", c.names, step.compiled)
			}
		})
	}
}

// TestParams makes a policy whose kind of parameters appears later.
func TestParams(t *testing.T) {
	limit := schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Limit"}
	mapper := meta.NewDefaultRESTMapper(nil)
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(limit)
	object.SetName("one")
	object.SetNamespace("ns")
	s := newTestSource(t, &counted{}, mapper, object)
	withParams := policy("p", "1")
	withParams.Spec.ParamKind = &admissionregistrationv1.ParamKind{APIVersion: "example.com/v1", Kind: "Limit"}
	testutil.Check(t, s.policies.GetStore().Add(withParams))
	testutil.Check(t, s.bindings.GetStore().Add(binding("b", "p")))

	want := fmt.Sprintf("p@1 b failed to find resource referenced by paramKind: '%v'", limit)
	if got := describe(s); !slices.Equal(got, []string{want}) {
		t.Fatalf("%q, want %q", got, want)
	}
	mapper.Add(limit, meta.RESTScopeNamespace)
	if got := describe(s); !slices.Equal(got, []string{want}) {
		t.Errorf("tried again at once: %q", got)
	}
	s.retryAt.Store(1) // the time has come
	hooks := s.Hooks()
	if len(hooks) != 1 || hooks[0].ConfigurationError != nil || hooks[0].ParamScope != meta.RESTScopeNamespace {
		t.Fatalf("%v", hooks)
	}
	if found, err := hooks[0].ParamInformer.Lister().ByNamespace("ns").Get("one"); err != nil || found.(metav1.Object).GetName() != "one" {
		t.Errorf("%v, %v", found, err)
	}

	testutil.Check(t, s.bindings.GetStore().Delete(binding("b", "p")))
	s.changes.Add(1)
	if got := describe(s); len(got) > 0 || len(s.params.running) > 0 {
		t.Errorf("%q, %v, want that the informer has ended", got, s.params.running)
	}
}

// TestHooksOfParallelRequests changes a policy while requests ask for it. One that
// comes after the change must not get what others had before.
func TestHooksOfParallelRequests(t *testing.T) {
	var c counted
	s := newTestSource(t, &c, meta.NewDefaultRESTMapper(nil))
	testutil.Check(t, s.bindings.GetStore().Add(binding("b", "p")))
	for round := range 1000 {
		version := fmt.Sprint(round)
		testutil.Check(t, s.policies.GetStore().Add(policy("p", version)))
		s.changes.Add(1)
		var requests sync.WaitGroup
		for range 4 {
			requests.Go(func() {
				if got := s.Hooks(); len(got) != 1 || got[0].Evaluator != "p@"+version {
					t.Errorf("round %s: %v", version, got)
				}
			})
		}
		requests.Wait()
	}
}
