package admission

import (
	"context"
	"maps"
	"time"

	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/client-go/tools/cache"

	"github.com/gatehouse-k8s/gatehouse/pkg/signals"
)

// readyTimeout is how long a request waits for informers that have not synced.
// It is the timeout of admission.Handler.WaitForReady in k8s.io/apiserver.
const readyTimeout = 10 * time.Second

// There are three types of handlers, because k8s.io/apiserver detects by type
// assertions whether a plugin mutates, validates or does both. It calls Handles
// to find out whether it should call the plugin for an operation.
var (
	_ apiadmission.MutationInterface   = (*Mutating)(nil)
	_ apiadmission.ValidationInterface = (*Validating)(nil)
	_ apiadmission.MutationInterface   = (*MutatingAndValidating)(nil)
	_ apiadmission.ValidationInterface = (*MutatingAndValidating)(nil)
)

// Mutating is the handler of a plugin that may change objects.
type Mutating struct {
	handler
	rules []Rule
}

// Mutate returns a handler that applies the matching rules in their order,
// until one returns an error.
func Mutate(rules ...Rule) *Mutating { return &Mutating{newHandler(rules), rules} }

// Admit implements admission.MutationInterface.
func (m *Mutating) Admit(ctx context.Context, a Attributes, _ apiadmission.ObjectInterfaces) error {
	return m.apply(ctx, m.rules, a)
}

// Validating is the handler of a plugin that does not change objects. It is
// called after all mutating plugins, with the objects as they will be stored.
type Validating struct {
	handler
	rules []Rule
}

// Validate returns a handler that applies the matching rules in their order,
// until one returns an error.
func Validate(rules ...Rule) *Validating { return &Validating{newHandler(rules), rules} }

// Validate implements admission.ValidationInterface.
func (v *Validating) Validate(ctx context.Context, a Attributes, _ apiadmission.ObjectInterfaces) error {
	return v.apply(ctx, v.rules, a)
}

// MutatingAndValidating is the handler of a plugin that does both.
type MutatingAndValidating struct {
	handler
	mutating, validating []Rule
}

// MutateAndValidate returns a handler that applies the first rules in the
// mutating phase, and the second ones in the validating phase.
func MutateAndValidate(mutating, validating []Rule) *MutatingAndValidating {
	return &MutatingAndValidating{newHandler(mutating, validating), mutating, validating}
}

// Admit implements admission.MutationInterface.
func (b *MutatingAndValidating) Admit(ctx context.Context, a Attributes, _ apiadmission.ObjectInterfaces) error {
	return b.apply(ctx, b.mutating, a)
}

// Validate implements admission.ValidationInterface.
func (b *MutatingAndValidating) Validate(ctx context.Context, a Attributes, _ apiadmission.ObjectInterfaces) error {
	return b.apply(ctx, b.validating, a)
}

// handler contains what the three types of handlers have in common.
type handler struct {
	operations map[Operation]hook
	// synced contains a channel for each informer of WaitFor, which is closed
	// when the informer has synced.
	synced []<-chan struct{}
}

func newHandler(lists ...[]Rule) handler {
	h := handler{operations: map[Operation]hook{}}
	for _, rules := range lists {
		for _, rule := range rules {
			maps.Copy(h.operations, rule.hooks)
		}
	}
	return h
}

// Handles implements admission.Interface: it reports whether any rule has a
// hook for the operation.
func (h *handler) Handles(operation Operation) bool { return h.operations[operation] != nil }

// ValidateInitialization implements admission.InitializationValidator. The
// library initializes only plugins that have this method.
func (h *handler) ValidateInitialization() error { return nil }

// WaitFor makes requests that match a rule wait until the informers have
// synced. After ten seconds a waiting request is answered with 403, as with
// admission.Handler.WaitForReady. WaitFor must be called before the first
// request.
func (h *handler) WaitFor(informers ...cache.SharedInformer) {
	for _, informer := range informers {
		h.synced = append(h.synced, informer.HasSyncedChecker().Done())
	}
}

// WaitForReady waits until the channels of informers are closed, which they are when the
// informers have synced. If that takes more than ten seconds, or if the context ends, it
// returns the error for the request: 403, as with admission.Handler.WaitForReady.
func WaitForReady(ctx context.Context, a Attributes, synced ...<-chan struct{}) error {
	if !signals.WaitFor(ctx, readyTimeout, synced...) {
		return Forbidden(a, "not yet ready to handle request")
	}
	return nil
}

func (h *handler) apply(ctx context.Context, rules []Rule, a Attributes) error {
	for i := range rules {
		call := rules[i].match(a)
		if call == nil {
			continue
		}
		if err := WaitForReady(ctx, a, h.synced...); err != nil {
			return err
		}
		if err := call(ctx, a); err != nil {
			return err
		}
	}
	return nil
}
