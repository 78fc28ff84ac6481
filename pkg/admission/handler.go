package admission

import (
	"context"
	"maps"
	"time"

	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/client-go/tools/cache"

	"github.com/gatehouse-k8s/gatehouse/pkg/signals"
)

// readyTimeout is how long a request waits for informers that have not synced:
// that of admission.Handler.WaitForReady.
const readyTimeout = 10 * time.Second

// The library finds out by type assertion whether a plugin mutates, validates
// or both, and asks Handles whether to call it at all. That is why there are
// three types of handlers.
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

// Mutate returns a handler that applies the rules that match a request, in
// their order, until one has an error.
func Mutate(rules ...Rule) *Mutating { return &Mutating{newHandler(rules), rules} }

// Admit implements admission.MutationInterface.
func (m *Mutating) Admit(ctx context.Context, a Attributes, _ apiadmission.ObjectInterfaces) error {
	return m.apply(ctx, m.rules, a)
}

// Validating is the handler of a plugin that changes nothing. It sees objects
// as they will be stored, after all plugins that change them.
type Validating struct {
	handler
	rules []Rule
}

// Validate returns a handler that applies the rules that match a request, in
// their order, until one has an error.
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

// MutateAndValidate returns a handler with the rules of Mutate and those of
// Validate.
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

// handler is what the three have in common.
type handler struct {
	operations map[Operation]hook
	// synced are closed when the informers that WaitFor was told of have synced.
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

// ValidateInitialization implements admission.InitializationValidator, without
// which the library initializes nothing.
func (h *handler) ValidateInitialization() error { return nil }

// WaitFor makes the requests that a rule matches wait until the informers have
// synced. A request that has waited for ten seconds is answered with 403, as
// after admission.Handler.WaitForReady. It must be called before the first
// request.
func (h *handler) WaitFor(informers ...cache.SharedInformer) {
	for _, informer := range informers {
		h.synced = append(h.synced, informer.HasSyncedChecker().Done())
	}
}

func (h *handler) apply(ctx context.Context, rules []Rule, a Attributes) error {
	for i := range rules {
		call := rules[i].match(a)
		if call == nil {
			continue
		}
		if !signals.WaitFor(ctx, readyTimeout, h.synced...) {
			return Forbidden(a, "not yet ready to handle request")
		}
		if err := call(ctx, a); err != nil {
			return err
		}
	}
	return nil
}
