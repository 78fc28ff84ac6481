package refusals

import (
	"context"

	apiadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/authorization/authorizer"
)

// Authorizer returns an authorizer that notes who sends a request, and whether
// the request is refused.
func Authorizer(next authorizer.Authorizer) authorizer.Authorizer {
	return authorizer.AuthorizerFunc(func(ctx context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
		decision, reason, err := next.Authorize(ctx, a)
		by := ""
		if decision != authorizer.DecisionAllow {
			by = "authorization"
		}
		recordOf(ctx).note(a.GetUser(), by)
		return decision, reason, err
	})
}

// Admission is an admission.Decorator whose plugins note that they refuse a
// request.
func Admission(plugin apiadmission.Interface, name string) apiadmission.Interface {
	mutating, mutates := plugin.(apiadmission.MutationInterface)
	validating, validates := plugin.(apiadmission.ValidationInterface)
	by := "admission plugin " + name
	switch {
	case mutates && validates:
		return struct {
			apiadmission.Interface
			mutator
			validator
		}{plugin, mutator{mutating, by}, validator{validating, by}}
	case mutates:
		return struct {
			apiadmission.Interface
			mutator
		}{plugin, mutator{mutating, by}}
	case validates:
		return struct {
			apiadmission.Interface
			validator
		}{plugin, validator{validating, by}}
	}
	return plugin
}

type mutator struct {
	plugin apiadmission.MutationInterface
	by     string
}

// Admit implements apiadmission.MutationInterface.
func (m mutator) Admit(ctx context.Context, a apiadmission.Attributes, o apiadmission.ObjectInterfaces) error {
	err := m.plugin.Admit(ctx, a, o)
	if err != nil {
		recordOf(ctx).note(a.GetUserInfo(), m.by)
	}
	return err
}

type validator struct {
	plugin apiadmission.ValidationInterface
	by     string
}

// Validate implements apiadmission.ValidationInterface.
func (v validator) Validate(ctx context.Context, a apiadmission.Attributes, o apiadmission.ObjectInterfaces) error {
	err := v.plugin.Validate(ctx, a, o)
	if err != nil {
		recordOf(ctx).note(a.GetUserInfo(), v.by)
	}
	return err
}
