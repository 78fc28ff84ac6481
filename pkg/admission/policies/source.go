// Package policies implements the admission plugins ValidatingAdmissionPolicy
// (KEP-3488) and MutatingAdmissionPolicy (KEP-3962). Matching, evaluation and the
// words of the answers are those of k8s.io/apiserver. This package tells it which
// policies there are: in kube-apiserver a change of a policy or a binding comes into
// force up to a second later, here with the answer to its write; and nothing is
// compiled, and no schema is read, before the first request that needs it.
package policies

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission/plugin/policy/generic"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

// retryInterval is how long a policy that could not be configured stays so before
// the next attempt. A missing parameter kind can appear at any time.
const retryInterval = time.Second

// object is a policy or a binding.
type object interface {
	runtime.Object
	metav1.Object
}

// kind describes one of the two kinds of policies. P is the type of the policies, B
// that of the bindings, and E that of compiled policies.
type kind[P, B object, E any] struct {
	// policies and bindings are the resources in admissionregistration.k8s.io/v1.
	policies, bindings string
	// paramKind returns the kind of a policy's parameters, or nil.
	paramKind func(P) *admissionregistrationv1.ParamKind
	// policyName returns the name of a binding's policy.
	policyName func(B) string
	// compile prepares the expressions of a policy. Mistakes in them are reported
	// when the policy is evaluated.
	compile func(P) E
}

// source implements generic.Source: it lists the policies that have bindings.
type source[P, B object, E any] struct {
	kind               kind[P, B, E]
	policies, bindings cache.SharedIndexInformer
	params             *params
	client             dynamic.Interface

	// changes counts the changes of policies and bindings. made is the count of which
	// hooks know: if it is lower, they must be made again before their next use.
	changes *atomic.Uint64
	made    atomic.Uint64
	// retryAt is the time in nanoseconds from which on hooks must be made again
	// because one of them has an error; 0 if none has.
	retryAt atomic.Int64
	hooks   atomic.Pointer[[]generic.PolicyHook[P, B, E]]

	// mu protects what follows while hooks are made.
	mu       sync.Mutex
	compiled map[string]compiled[E]
}

// compiled is a compiled policy with the version of the object it is made of.
type compiled[E any] struct {
	version   string
	evaluator E
}

// newSource returns a source that reads from the informers of the factory, and counts
// the changes.
func newSource[P, B object, E any](k kind[P, B, E], f informers.SharedInformerFactory, p *params, client dynamic.Interface,
	changes *atomic.Uint64) (*source[P, B, E], error) {
	s := &source[P, B, E]{kind: k, params: p, client: client, changes: changes}
	s.changes.Add(1) // no hooks have been made
	for _, part := range []struct {
		resource string
		informer *cache.SharedIndexInformer
	}{{k.policies, &s.policies}, {k.bindings, &s.bindings}} {
		resource, err := f.ForResource(admissionregistrationv1.SchemeGroupVersion.WithResource(part.resource))
		if err != nil {
			return nil, err
		}
		*part.informer = resource.Informer()
		if _, err := (*part.informer).AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    func(any) { s.changes.Add(1) },
			UpdateFunc: func(_, _ any) { s.changes.Add(1) },
			DeleteFunc: func(any) { s.changes.Add(1) },
		}); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Run implements generic.Source. The informers run by themselves.
func (s *source[P, B, E]) Run(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// HasSynced implements generic.Source.
func (s *source[P, B, E]) HasSynced() bool { return s.policies.HasSynced() && s.bindings.HasSynced() }

// Hooks implements generic.Source: it returns the policies in force with their
// bindings, each in the order of the names. kube-apiserver has no particular order.
func (s *source[P, B, E]) Hooks() []generic.PolicyHook[P, B, E] {
	if s.isOutdated() {
		s.refresh()
	}
	return *s.hooks.Load()
}

func (s *source[P, B, E]) isOutdated() bool {
	retryAt := s.retryAt.Load()
	return s.made.Load() != s.changes.Load() || retryAt != 0 && time.Now().UnixNano() >= retryAt
}

// refresh makes the hooks. Changes that arrive meanwhile make them outdated again.
func (s *source[P, B, E]) refresh() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.isOutdated() {
		return // another request has made them
	}
	changes, retryAt := s.changes.Load(), int64(0)
	hooks, err := s.list()
	if err != nil {
		klog.Warningf("%s: %v", s.kind.policies, err)
		retryAt = time.Now().Add(retryInterval).UnixNano()
	}
	// The hooks come first: a request that sees that they are made must find them.
	s.hooks.Store(&hooks)
	s.retryAt.Store(retryAt)
	s.made.Store(changes)
}

// list returns a hook for each policy that has bindings. The error joins those of
// the hooks.
func (s *source[P, B, E]) list() ([]generic.PolicyHook[P, B, E], error) {
	bindings := map[string][]B{}
	for _, obj := range s.bindings.GetStore().List() {
		binding := obj.(B)
		name := s.kind.policyName(binding)
		bindings[name] = append(bindings[name], binding)
	}
	hooks, used, evaluators := []generic.PolicyHook[P, B, E]{}, map[schema.GroupVersionKind]bool{}, map[string]compiled[E]{}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(bindings)) {
		obj, found, _ := s.policies.GetStore().GetByKey(name) // the store of an informer never fails
		if !found {
			continue
		}
		policy := obj.(P)
		slices.SortFunc(bindings[name], func(a, b B) int { return cmp.Compare(a.GetName(), b.GetName()) })
		hook := generic.PolicyHook[P, B, E]{Policy: policy, Bindings: bindings[name], DynamicClient: s.client, RESTMapper: s.params.mapper}
		if kind := s.kind.paramKind(policy); kind != nil {
			gvk := schema.FromAPIVersionAndKind(kind.APIVersion, kind.Kind)
			used[gvk] = true
			hook.ParamInformer, hook.ParamScope, hook.ConfigurationError = s.params.informer(gvk)
			if hook.ConfigurationError != nil {
				errs = append(errs, fmt.Errorf("%s: %w", name, hook.ConfigurationError))
			}
		}
		evaluators[name] = s.evaluator(policy)
		hook.Evaluator = evaluators[name].evaluator
		hooks = append(hooks, hook)
	}
	s.compiled = evaluators
	s.params.keep(used)
	return hooks, errors.Join(errs...)
}

// evaluator returns the compiled policy, from the last time if it has not changed.
func (s *source[P, B, E]) evaluator(policy P) compiled[E] {
	version := string(policy.GetUID()) + "/" + policy.GetResourceVersion()
	if have, ok := s.compiled[policy.GetName()]; ok && have.version == version {
		return have
	}
	return compiled[E]{version, s.kind.compile(policy)}
}
